#include "server/resp/resp_server.h"

#include <utility>

#include "server/resp/resp_session.h"

namespace rateguard::resp {

RespServer::RespServer(RespServerOptions options)
    : options_(std::move(options)), host_(std::move(options_.host), stats_) {}

RespServer::~RespServer() = default;

Result<uint16_t> RespServer::start(net::EventLoop& loop, RespApi& api) {
  context_ = std::make_unique<RespSessionContext>(api, options_.output_bytes_max);
  return host_.start(
      loop,
      [this](int descriptor, const IpAddress& peer) {
        return std::make_unique<RespSession>(host_, *context_, descriptor, peer);
      },
      [](net::Transport& transport) { transport.send("-ERR max number of clients reached\r\n"); });
}

}  // namespace rateguard::resp

#include "server/resp/resp_server.h"

#include <utility>

#include "server/resp/resp_session.h"

namespace rateguard::resp {

struct RespServer::Running {
  Running(net::EventLoop& loop, RespApi& api, const RespServerOptions& options, net::ConnectionStats& stats)
      : context{.api = api, .output_bytes_max = options.output_bytes_max},
        host(
            loop, options.host, stats,
            [this](int descriptor, const IpAddress& peer) {
              return std::make_unique<RespSession>(host, context, descriptor, peer);
            },
            [](net::Transport& transport) { transport.send("-ERR max number of clients reached\r\n"); }) {}

  RespSessionContext context;
  net::ConnectionHost host;
};

RespServer::RespServer(RespServerOptions options) : options_(std::move(options)) {}

RespServer::~RespServer() = default;

Result<uint16_t> RespServer::start(net::EventLoop& loop, RespApi& api) {
  auto running = std::make_unique<Running>(loop, api, options_, stats_);
  const auto port = running->host.start();
  if (port) running_ = std::move(running);
  return port;
}

void RespServer::set_tls(std::shared_ptr<const net::TlsContext> tls) {
  if (running_) running_->host.set_tls(std::move(tls));
}

void RespServer::drain(Duration grace, std::function<void()> on_empty) {
  if (!running_) return on_empty();
  running_->host.drain(grace, std::move(on_empty));
}

}  // namespace rateguard::resp

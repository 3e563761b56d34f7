#include "http/server/http2_server.h"

#include <utility>

#include "http/http2/session.h"

namespace rateguard::http {

Http2Server::Http2Server(Http2ServerOptions options)
    : options_(std::move(options)), host_(std::move(options_.host), stats_) {}

Http2Server::~Http2Server() = default;

Result<uint16_t> Http2Server::start(net::EventLoop& loop, Handler& handler) {
  context_ = std::make_unique<Http2SessionContext>(handler, options_, stats_);
  return host_.start(loop,
                     [this](int descriptor, const IpAddress& peer) {
                       return std::make_unique<Http2Session>(host_, *context_, descriptor, peer);
                     },
                     {});
}

}  // namespace rateguard::http

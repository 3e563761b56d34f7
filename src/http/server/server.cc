#include "http/server/server.h"

#include <utility>

#include "http/http1/session.h"

namespace rateguard::http {

HttpServer::HttpServer(HttpServerOptions options)
    : options_(std::move(options)), host_(std::move(options_.host), stats_) {}

HttpServer::~HttpServer() = default;

Result<uint16_t> HttpServer::start(net::EventLoop& loop, Handler& handler) {
  context_ = std::make_unique<Http1SessionContext>(handler, options_, stats_);
  return host_.start(
      loop,
      [this](int descriptor, const IpAddress& peer) {
        return std::make_unique<Http1Session>(host_, *context_, descriptor, peer);
      },
      [this](net::Transport& transport) { refuse(transport); });
}

// Told so in one send, if it fits the socket, and forgotten.
void HttpServer::refuse(net::Transport& transport) {
  const Now now = host_.loop().now();
  host_.out().clear();
  Http1Response response(host_.out(), {.date = context_->date.at(now.wall()), .after = AfterResponse::kClose});
  context_->handler.reject({.status = 503, .detail = "too many connections", .field = "connection"}, now, response);
  response.finish();
  transport.send(host_.out().view());
}

}  // namespace rateguard::http

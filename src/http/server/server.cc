#include "http/server/server.h"

#include <utility>

#include "http/http1/session.h"
#include "http/http2/session.h"

namespace rateguard::http {

Server::Server(ServerOptions options) : options_(std::move(options)), host_(std::move(options_.host), stats_) {}

Server::~Server() = default;

Result<uint16_t> Server::start(net::EventLoop& loop, Handler& handler) {
  http1_ = std::make_unique<Http1SessionContext>(handler, options_, stats_);
  http2_ = std::make_unique<Http2SessionContext>(handler, options_, stats_);
  if (options_.protocols == Protocols::kBoth) {
    http1_->make_http2 = [this](net::Connection& from) {
      return std::make_unique<Http2Session>(host_, *http2_, std::move(from));
    };
  }
  const bool says_no = options_.protocols != Protocols::kHttp2;
  return host_.start(
      loop, [this](int descriptor, const IpAddress& peer) { return make(descriptor, peer); },
      says_no ? net::ConnectionHost::Refuse([this](net::Transport& transport) { refuse(transport); })
              : net::ConnectionHost::Refuse());
}

std::unique_ptr<net::Connection> Server::make(int descriptor, const IpAddress& peer) {
  if (options_.protocols == Protocols::kHttp2) return std::make_unique<Http2Session>(host_, *http2_, descriptor, peer);
  return std::make_unique<Http1Session>(host_, *http1_, descriptor, peer);
}

// Sends the refusal once, as far as the socket takes it.
void Server::refuse(net::Transport& transport) {
  const Now now = host_.loop().now();
  host_.out().clear();
  Http1Response response(host_.out(), {.date = http1_->date.at(now.wall()), .after = AfterResponse::kClose});
  http1_->handler.reject({.status = 503, .detail = "too many connections", .field = "connection"}, now, response);
  response.finish();
  transport.send(host_.out().view());
}

}  // namespace rateguard::http

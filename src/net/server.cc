#include "net/server.h"

#include <utility>

#include "net/http_session.h"

namespace rateguard::net {
namespace {

ConnectionHostOptions host_options(const HttpServerOptions& options) {
  return {.address = options.address,
          .tls = options.tls,
          .preamble = options.preamble,
          .connections_max = options.connections_max,
          .timeouts = {.idle = options.idle_timeout,
                       .read = options.read_timeout,
                       .write = options.write_timeout,
                       .handshake = options.handshake_timeout}};
}

}  // namespace

struct HttpServer::Running {
  Running(EventLoop& loop, HttpHandler& handler, const HttpServerOptions& options, HttpServerStats& stats);
  void refuse(Transport& transport);

  HttpSessionContext context;
  ConnectionHost host;
};

HttpServer::Running::Running(EventLoop& loop, HttpHandler& handler, const HttpServerOptions& options,
                             HttpServerStats& stats)
    : context(handler, options, stats),
      host(
          loop, host_options(options), stats,
          [this](int descriptor, const IpAddress& peer) {
            return std::make_unique<HttpSession>(host, context, descriptor, peer);
          },
          [this](Transport& transport) { refuse(transport); }) {}

// Told so in one send, if it fits the socket, and forgotten.
void HttpServer::Running::refuse(Transport& transport) {
  const Instant now = host.loop().now();
  host.out().clear();
  Http1Response response(host.out(), {.date = context.date.at(now), .after = AfterResponse::kClose});
  context.handler.reject({.status = 503, .detail = "too many connections", .field = "connection"}, now, response);
  response.finish();
  transport.send(host.out().view());
}

HttpServer::HttpServer(HttpServerOptions options) : options_(std::move(options)) {}

HttpServer::~HttpServer() = default;

Result<uint16_t> HttpServer::start(EventLoop& loop, HttpHandler& handler) {
  auto running = std::make_unique<Running>(loop, handler, options_, stats_);
  const auto port = running->host.start();
  if (port) running_ = std::move(running);
  return port;
}

void HttpServer::set_tls(std::shared_ptr<const TlsContext> tls) {
  options_.tls = std::move(tls);
  if (running_) running_->host.set_tls(options_.tls);
}

void HttpServer::drain(Duration grace, std::function<void()> on_empty) {
  if (!running_) {
    on_empty();
    return;
  }
  running_->host.drain(grace, std::move(on_empty));
}

}  // namespace rateguard::net

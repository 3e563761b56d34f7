#include "net/http2_server.h"

#include <utility>

#include "net/http2_session.h"

namespace rateguard::net {
namespace {

ConnectionHostOptions host_options(const Http2ServerOptions& options) {
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

struct Http2Server::Running {
  Running(EventLoop& loop, Http2Handler& handler, const Http2ServerOptions& options, Http2ServerStats& stats)
      : context(handler, options, stats),
        host(loop, host_options(options), stats,
             [this](int descriptor, const IpAddress& peer) {
               return std::make_unique<Http2Session>(host, context, descriptor, peer);
             },
             {}) {}

  Http2SessionContext context;
  ConnectionHost host;
};

Http2Server::Http2Server(Http2ServerOptions options) : options_(std::move(options)) {}

Http2Server::~Http2Server() = default;

Result<uint16_t> Http2Server::start(EventLoop& loop, Http2Handler& handler) {
  auto running = std::make_unique<Running>(loop, handler, options_, stats_);
  const auto port = running->host.start();
  if (port) running_ = std::move(running);
  return port;
}

void Http2Server::set_tls(std::shared_ptr<const TlsContext> tls) {
  options_.tls = std::move(tls);
  if (running_) running_->host.set_tls(options_.tls);
}

void Http2Server::drain(Duration grace, std::function<void()> on_empty) {
  if (!running_) {
    on_empty();
    return;
  }
  running_->host.drain(grace, std::move(on_empty));
}

}  // namespace rateguard::net

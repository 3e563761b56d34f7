// The gRPC listener of one event loop.
#pragma once

#include <functional>
#include <memory>

#include "http/server/server.h"
#include "net/event_loop.h"
#include "server/grpc/grpc_api.h"
#include "server/rls/rate_limit_service.h"
#include "server/service.h"

namespace rateguard::app {

// On its loop's thread only, but stats() and metrics(). What it is given outlives it.
class GrpcFront {
 public:
  GrpcFront(server::Service& service, rls::RateLimitService& rate_limits, net::EventLoop& loop,
            const http::ServerOptions& options);

  // Returns the port. Errors: as net::Listener::open().
  Result<uint16_t> start() { return server_.start(loop_, api_); }
  void set_tls(std::shared_ptr<const net::TlsContext> tls) { server_.set_tls(std::move(tls)); }
  // As http::Server::drain(); also ends calls that have no end of their own.
  void drain(Duration grace, std::function<void()> on_empty);

  // Any thread, both.
  const grpc::GrpcMetrics& metrics() const { return api_.metrics(); }
  const http::ServerStats& stats() const { return server_.stats(); }

 private:
  net::EventLoop& loop_;
  grpc::GrpcApi api_;
  http::Server server_;
};

}  // namespace rateguard::app

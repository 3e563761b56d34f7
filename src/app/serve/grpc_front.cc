// Envoy's rate limit service over gRPC.
#include <utility>

#include "app/serve/front_ends.h"
#include "app/serve/listen_options.h"
#include "app/serve/listener_sources.h"
#include "http/server/server.h"
#include "server/grpc/call_source.h"
#include "server/grpc/grpc_api.h"
#include "server/grpc/protobuf_log.h"

namespace rateguard::app {
namespace {

grpc::GrpcLimits limits_of(const http::ServerOptions& options) {
  return {.message_bytes_max = options.limits.body_bytes_max - grpc::kMessagePrefix};
}

class GrpcListener final : public LoopListener {
 public:
  GrpcListener(server::Service& service, const LoopParts& parts, const http::ServerOptions& options)
      : api_(service, parts.rate_limits, parts.loop, limits_of(options)), server_(options) {}

  Result<uint16_t> start(net::EventLoop& loop) { return server_.start(loop, api_); }
  const grpc::GrpcApi& api() const { return api_; }
  const http::ServerStats& stats() const { return server_.stats(); }

  void set_policy(const Policy&) override {}  // its loop's rls::RateLimitService has it
  void set_tls(const Prepared& prepared) override { server_.set_tls(prepared.h2); }
  // Calls that have no end of their own end.
  void drain(Duration grace, std::function<void()> on_empty) override {
    api_.drain();
    server_.drain(grace, std::move(on_empty));
  }

 private:
  grpc::GrpcApi api_;
  http::Server server_;
};

class GrpcFront final : public FrontEnd {
 public:
  explicit GrpcFront(const FrontEndParts& parts)
      : FrontEnd(*parts.config.listen.grpc), service_(parts.service), options_(grpc_options(parts.config)) {
    grpc::silence_protobuf();
    options_.bodies = parts.bodies;
    options_.host.tls = parts.at_start.h2;
    options_.host.on_turned_away = parts.turned_away.of("grpc");
  }

  Result<std::unique_ptr<LoopListener>> start(const LoopParts& parts) override {
    auto listener = std::make_unique<GrpcListener>(service_, parts, options_);
    const auto port = listener->start(parts.loop);
    if (!port) return std::unexpected(port.error());
    join_at(*port, options_.host.address);
    calls_.add(listener->api().metrics());
    connections_.add(listener->stats());
    return listener;
  }

  void report_to(metrics::Registry& registry) const override {
    registry.add(calls_);
    registry.add(connections_);
  }

 private:
  server::Service& service_;
  http::ServerOptions options_;
  grpc::CallSource calls_;
  GrpcListenerSource connections_;
};

}  // namespace

const FrontEndKind kGrpcFront = {
    .name = "grpc",
    .setting = "listen.grpc",
    .endpoint = [](const config::Config& config) { return config.listen.grpc; },
    .make = [](const FrontEndParts& parts) -> std::unique_ptr<FrontEnd> { return std::make_unique<GrpcFront>(parts); }};

}  // namespace rateguard::app

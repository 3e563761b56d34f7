// The HTTP API: HTTP/1.1 and HTTP/2 on one port.
#include <utility>

#include "app/serve/front_ends.h"
#include "app/serve/listen_options.h"
#include "app/serve/listener_sources.h"
#include "http/server/server.h"
#include "net/blocking_calls.h"
#include "net/tasks.h"
#include "server/http/http_api.h"
#include "server/http/route_source.h"

namespace rateguard::app {
namespace {

class HttpListener final : public LoopListener {
 public:
  HttpListener(server::Service& service, const Policy& policy, const LoopParts& parts, identify::ApiKeys which_keys,
               const http::ServerOptions& options)
      : api_(service, policy, parts.store),
        server_(options),
        tasks_(parts.loop),
        calls_(parts.blocking, tasks_, parts.loop) {
    api_.serve_rate_limits(parts.rate_limits);
    api_.read_files_with(tasks_, calls_);
    if (parts.keys != nullptr) api_.find_keys_with(*parts.keys, tasks_, which_keys);
  }

  Result<uint16_t> start(net::EventLoop& loop) { return server_.start(loop, api_); }
  const http_api::HttpApi& api() const { return api_; }
  const http::ServerStats& stats() const { return server_.stats(); }

  void set_policy(const Policy& policy) override { api_.set_policy(policy); }
  void set_tls(const Prepared& prepared) override { server_.set_tls(prepared.tls); }
  void drain(Duration grace, std::function<void()> on_empty) override { server_.drain(grace, std::move(on_empty)); }

 private:
  http_api::HttpApi api_;
  http::Server server_;
  net::Tasks tasks_;  // of requests that wait for files or keys; destroyed before what they use
  net::BlockingCalls calls_;
};

class HttpFront final : public FrontEnd {
 public:
  explicit HttpFront(const FrontEndParts& parts)
      : FrontEnd(parts.config.listen.http),
        service_(parts.service),
        policy_(parts.at_start.policy),
        which_keys_(parts.config.identity.api_keys),
        options_(http_options(parts.config)),
        connections_(parts.bodies) {
    options_.bodies = parts.bodies;
    options_.host.tls = parts.at_start.tls;
    options_.host.on_turned_away = parts.turned_away.of("http");
  }

  Result<std::unique_ptr<LoopListener>> start(const LoopParts& parts) override {
    auto listener = std::make_unique<HttpListener>(service_, policy_, parts, which_keys_, options_);
    const auto port = listener->start(parts.loop);
    if (!port) return std::unexpected(port.error());
    join_at(*port, options_.host.address);
    service_.decisions.add(listener->api().decisions());
    routes_.add(listener->api().requests());
    connections_.add(listener->stats());
    return listener;
  }

  void report_to(metrics::Registry& registry) const override {
    registry.add(routes_);
    registry.add(connections_);
  }

 private:
  server::Service& service_;
  const Policy& policy_;  // of the start
  const identify::ApiKeys which_keys_;
  http::ServerOptions options_;
  http_api::RouteSource routes_;
  HttpListenerSource connections_;
};

}  // namespace

const FrontEndKind kHttpFront = {
    .name = "http",
    .setting = "listen.http",
    .endpoint = [](const config::Config& config) -> net::OptionalEndpoint { return config.listen.http; },
    .make = [](const FrontEndParts& parts) -> std::unique_ptr<FrontEnd> { return std::make_unique<HttpFront>(parts); }};

}  // namespace rateguard::app

// The Redis protocol.
#include <utility>

#include "app/serve/front_ends.h"
#include "app/serve/listen_options.h"
#include "server/resp/resp_api.h"
#include "server/resp/resp_server.h"
#include "server/resp/resp_source.h"

namespace rateguard::app {
namespace {

class RespListener final : public LoopListener {
 public:
  RespListener(server::Service& service, const Policy& policy, const LoopParts& parts,
               const resp::RespServerOptions& options, const resp::RespSource& totals)
      : api_(service, policy, parts.store), server_(options) {
    api_.set_totals(totals);
  }

  Result<uint16_t> start(net::EventLoop& loop) { return server_.start(loop, api_); }
  const resp::RespApi& api() const { return api_; }
  const net::ConnectionStats& stats() const { return server_.stats(); }

  void set_policy(const Policy& policy) override { api_.set_policy(policy); }
  void set_tls(const Prepared& prepared) override { server_.set_tls(prepared.resp_tls); }
  void drain(Duration grace, std::function<void()> on_empty) override { server_.drain(grace, std::move(on_empty)); }

 private:
  resp::RespApi api_;
  resp::RespServer server_;
};

class RespFront final : public FrontEnd {
 public:
  explicit RespFront(const FrontEndParts& parts)
      : FrontEnd(*parts.config.listen.resp),
        service_(parts.service),
        policy_(parts.at_start.policy),
        options_(resp_options(parts.config)) {
    options_.host.tls = parts.at_start.resp_tls;
    options_.host.on_turned_away = parts.turned_away.of("resp");
  }

  Result<std::unique_ptr<LoopListener>> start(const LoopParts& parts) override {
    auto listener = std::make_unique<RespListener>(service_, policy_, parts, options_, source_);
    const auto port = listener->start(parts.loop);
    if (!port) return std::unexpected(port.error());
    join_at(*port, options_.host.address);
    service_.decisions.add(listener->api().decisions());
    source_.add(listener->api().metrics());
    source_.add(listener->stats());
    return listener;
  }

  void report_to(metrics::Registry& registry) const override { registry.add(source_); }

 private:
  server::Service& service_;
  const Policy& policy_;  // of the start
  resp::RespServerOptions options_;
  resp::RespSource source_;
};

}  // namespace

const FrontEndKind kRespFront = {
    .name = "resp",
    .setting = "listen.resp",
    .endpoint = [](const config::Config& config) { return config.listen.resp; },
    .make = [](const FrontEndParts& parts) -> std::unique_ptr<FrontEnd> { return std::make_unique<RespFront>(parts); }};

}  // namespace rateguard::app

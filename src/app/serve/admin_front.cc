// The admin API, where there is a catalog: HTTP/1.1 and HTTP/2 on a port of its own.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "app/build/build.h"
#include "app/serve/front_ends.h"
#include "app/serve/listen_options.h"
#include "catalog/keys/key_text.h"
#include "http/server/server.h"
#include "net/blocking_calls.h"
#include "net/blocking_pool.h"
#include "net/clock.h"
#include "net/tasks.h"
#include "server/admin/admin_api.h"
#include "server/admin/setup.h"

namespace rateguard::app {
namespace {

// Threads that wait for the catalog. Writes of SQLite that wait at the same time share one commit
// (docs/decisions/0040): with sixteen nearly as many are made in a second as with more.
constexpr size_t kThreads = 16;

class AdminListener final : public LoopListener {
 public:
  AdminListener(admin::AdminParts& admin, std::shared_ptr<net::BlockingPool> pool, const server::Service& service,
                const LoopParts& parts, const http::ServerOptions& options)
      : admin_(admin),
        pool_(std::move(pool)),
        tasks_(parts.loop),
        calls_(*pool_, tasks_, parts.loop),
        api_(admin, {.tasks = tasks_,
                     .calls = calls_,
                     .log = [&service] { return service.logs_access() ? service.log : nullptr; }}),
        server_(options) {}
  // Work that has begun posts to the loop when it ends.
  ~AdminListener() override { pool_->stop(); }

  Result<uint16_t> start(net::EventLoop& loop) { return server_.start(loop, api_); }
  // Each loop sets the same.
  void set_policy(const Policy& policy) override { admin_.rules.set(policy.rules); }
  void set_tls(const Prepared& prepared) override { server_.set_tls(prepared.tls); }
  void drain(Duration grace, std::function<void()> on_empty) override { server_.drain(grace, std::move(on_empty)); }

 private:
  admin::AdminParts& admin_;
  const std::shared_ptr<net::BlockingPool> pool_;
  net::Tasks tasks_;
  net::BlockingCalls calls_;
  admin::AdminApi api_;
  http::Server server_;
};

class AdminFront final : public FrontEnd {
 public:
  explicit AdminFront(const FrontEndParts& parts)
      : FrontEnd(*parts.config.admin.listen),
        service_(parts.service),
        admin_(*parts.catalog),
        pool_(std::make_shared<net::BlockingPool>(net::BlockingPoolOptions{.threads = kThreads})),
        options_(admin_options(parts.config)) {
    options_.bodies = parts.bodies;
    options_.host.tls = parts.at_start.tls;
    options_.host.on_turned_away = parts.turned_away.of("admin");
    admin_.identity = {.public_url = parts.config.admin.public_url, .version = std::string(version_number())};
    admin_.rules.set(parts.at_start.policy.rules);
    if (!parts.at_start.admin_token.empty()) {
      admin_.identity.first_token = admin::FirstToken{catalog::key_sha256(parts.at_start.admin_token)};
    }
  }

  Result<std::unique_ptr<LoopListener>> start(const LoopParts& parts) override {
    auto listener = std::make_unique<AdminListener>(admin_, pool_, service_, parts, options_);
    const auto port = listener->start(parts.loop);
    if (!port) return std::unexpected(port.error());
    join_at(*port, options_.host.address);
    return listener;
  }

  void report_to(metrics::Registry&) const override {}

  // Without a token in the configuration, somebody has to be let in first.
  std::string notice() override {
    if (admin_.identity.first_token) return {};
    const auto link = admin::make_setup_link(admin_.catalog, net::SystemClock().read().wall());
    if (!link && service_.log != nullptr) {
      service_.log->write(LogLevel::kError, "no setup link can be made for the admin API",
                          {{"why", link.error().message}});
    }
    if (!link || !*link) return {};
    const std::string& given = admin_.identity.public_url;
    return fmt::format(
        "Nobody can sign in to the admin API yet. For 15 minutes, and once, this makes its first owner:\n"
        "  curl {}/v1/setup -d '{{\"token\":\"{}\",\"email\":\"EMAIL\",\"password\":\"PASSWORD\"}}'\n",
        given.empty() ? "http://" + describe() : given, (*link)->reveal());
  }

 private:
  const server::Service& service_;
  admin::AdminParts admin_;
  const std::shared_ptr<net::BlockingPool> pool_;
  http::ServerOptions options_;
};

}  // namespace

const FrontEndKind kAdminFront = {.name = "admin",
                                  .setting = "admin.listen",
                                  .endpoint = [](const config::Config& config) -> net::OptionalEndpoint {
                                    return config.catalog_url().empty() ? std::nullopt : config.admin.listen;
                                  },
                                  .make = [](const FrontEndParts& parts) -> std::unique_ptr<FrontEnd> {
                                    return std::make_unique<AdminFront>(parts);
                                  }};

}  // namespace rateguard::app

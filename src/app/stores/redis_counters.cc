#include "app/stores/redis_counters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "net/tls_client.h"
#include "redis/info.h"

namespace rateguard::app {
namespace {

// How often leases are reconciled and given up.
constexpr Duration kTick = Duration::millis(10);
constexpr size_t kLeasedMax = 65'536;
// How long a loop without requests may be wrong about whether Redis works.
constexpr Duration kProbePeriod = Duration::millis(250);
constexpr Duration kHealthPeriod = Duration::millis(100);
// How long to wait for a plain answer of a server that has not answered over TLS.
constexpr Duration kPlainPatience = Duration::millis(500);

redis::ConnectionOptions connection_options(std::mt19937_64& random, std::function<void()> on_change) {
  return {.random = [&random] { return random(); }, .on_change = std::move(on_change)};
}

redis_store::RedisStoreOptions store_options(net::EventLoop& loop, const RedisSettings& settings,
                                             std::mt19937_64& random, std::function<void(std::string_view)> on_reset) {
  return {.deadline = settings.deadline,
          .layout = redis_store::KeyLayout(settings.prefix, settings.secret),
          .topology = settings.cluster.empty() ? redis_store::Topology::kOnePrimary : redis_store::Topology::kCluster,
          .now = [&loop] { return loop.clock().now(); },
          .random = [&random] { return random(); },
          .at_turn_end = [&loop](auto work) { loop.post(std::move(work)); },
          .on_reset = std::move(on_reset)};
}

const redis::ServerEndpoint& first_server(const redis::Deployment& target) {
  if (const auto* sentinels = std::get_if<redis::SentinelSettings>(&target)) return sentinels->sentinels.front();
  if (const auto* cluster = std::get_if<redis::ClusterSettings>(&target)) return cluster->seeds.front();
  return std::get<redis::ServerEndpoint>(target);
}

}  // namespace

std::string address_of(const redis::Deployment& target) {
  if (const auto* server = std::get_if<redis::ServerEndpoint>(&target)) return server->target.to_string();
  const auto* const sentinels = std::get_if<redis::SentinelSettings>(&target);
  const auto& servers = sentinels != nullptr ? sentinels->sentinels : std::get<redis::ClusterSettings>(target).seeds;
  std::string text = sentinels != nullptr ? "Sentinels " : "Cluster ";
  for (const redis::ServerEndpoint& server : servers)
    text += (text.ends_with(' ') ? "" : ",") + server.target.to_string();
  return text;
}

Result<redis::Deployment> redis_target(const RedisSettings& settings) {
  const redis::Url login = settings.server();
  const auto server_of = [&](const redis::Url& url, const std::shared_ptr<const net::TlsClientContext>& context) {
    redis::ServerEndpoint server = redis::ServerEndpoint::from(url, context);
    server.tls_name = settings.tls_server_name;
    return server;
  };
  std::shared_ptr<const net::TlsClientContext> tls;
  const bool tls_at_sentinels =
      !settings.sentinels.empty() && settings.sentinels.front().security == redis::Security::kTls;
  if (login.security == redis::Security::kTls || tls_at_sentinels) {
    auto made = net::TlsClientContext::create(
        {.ca = settings.tls.ca, .certificate = settings.tls.certificate, .key = settings.tls.key});
    if (!made) return std::unexpected(made.error());
    tls = *std::move(made);
  }
  if (!settings.sentinels.empty()) {
    redis::SentinelSettings target{.sentinels = {}, .service = settings.service, .primary = server_of(login, tls)};
    target.primary.role = redis::Role::kPrimary;
    for (const redis::Url& url : settings.sentinels) target.sentinels.push_back(server_of(url, tls));
    return target;
  }
  if (!settings.cluster.empty()) {
    redis::ClusterSettings target{.seeds = {}};
    for (const redis::Url& node : settings.cluster) {
      redis::Url url = login;
      url.host = node.host;
      url.port = node.port;
      target.seeds.push_back(server_of(url, tls));
    }
    return target;
  }
  return server_of(login, tls);
}

Result<std::unique_ptr<RedisCounters>> RedisCounters::create(net::EventLoop& loop, std::string name,
                                                             const redis::Deployment& target,
                                                             const RedisSettings& settings, Store& local,
                                                             RedisCountersHooks hooks, server::StoreHealth& health,
                                                             Log& log) {
  auto leased = MemoryStore::create({.max_keys = kLeasedMax});
  if (!leased) return std::unexpected(leased.error());
  return std::unique_ptr<RedisCounters>(new RedisCounters(loop, std::move(name), target, settings, local,
                                                          std::move(hooks), health, log, std::move(*leased)));
}

RedisCounters::RedisCounters(net::EventLoop& loop, std::string name, const redis::Deployment& target,
                             const RedisSettings& settings, Store& local, RedisCountersHooks hooks,
                             server::StoreHealth& health, Log& log, std::unique_ptr<MemoryStore> leased)
    : loop_(loop),
      name_(std::move(name)),
      first_server_(first_server(target)),
      health_(health),
      number_(health.add_loop()),
      log_(log),
      random_(std::random_device()()),
      leased_(std::move(leased)),
      client_(redis::make_client(loop, target, connection_options(random_, [this] { on_client_change(); }))),
      redis_(*client_, store_options(loop, settings, random_, std::move(hooks.on_reset))),
      fallback_(redis_, local,
                {.breaker = {.failures = static_cast<uint32_t>(settings.breaker_failures),
                             .open_for = settings.breaker_open_for},
                 .instances = std::move(hooks.instances),
                 .random = [this] { return static_cast<uint32_t>(random_()); }}),
      leases_(fallback_, *leased_,
              {.sync_interval = settings.sync_interval, .counters_max = kLeasedMax, .now = [&loop] {
                 return loop.clock().now();
               }}) {
  client_->start();
  tick_ = loop.every(kTick, [this] { leases_.tick(loop_.now()); });
  probe_ = loop.every(kProbePeriod, [this] { probe_what_fails(); });
}

RedisCounters::~RedisCounters() = default;

void RedisCounters::run_until_settled(Duration patience) {
  const net::Timer late = loop_.after(patience, [this] { loop_.stop(); });
  const net::Timer look = loop_.every(Duration::millis(1), [this] {
    if ((client_->is_ready() && !probing_) || client_->is_hopeless()) loop_.stop();
  });
  loop_.run();
  on_client_change();
}

void RedisCounters::settle(Duration patience) {
  if (health_.failing_loops() == 0) run_until_settled(patience);
}

Result<void> RedisCounters::await_connection(Duration patience) {
  looks_at_eviction_ = true;
  run_until_settled(patience);
  if (client_->is_ready()) return {};
  constexpr std::string_view kWhatToDo = "correct the store's settings in the file, or RATEGUARD_REDIS";
  if (client_->is_hopeless()) {
    const std::string problem = client_->problem();
    if (problem.contains(redis::kNodeOfACluster)) return node_of_a_cluster(problem);
    return invalid(fmt::format("this Redis cannot be used for counters: {}; {}", problem, kWhatToDo));
  }
  if (speaks_without_tls()) {
    return invalid(
        fmt::format("this Redis cannot be used for counters: Redis at {} speaks without TLS; use redis:// in place "
                    "of rediss://, or the port where it speaks TLS; {}",
                    first_server_.target.to_string(), kWhatToDo));
  }
  log_.write(LogLevel::kWarn, "redis is not reached yet; rules go by their on_store_failure until it is",
             {{"store", name_}, {"address", health_.address()}, {"why", client_->problem()}});
  health_.note_said_failing(client_->problem(), loop_.now());
  return {};
}

// RATEGUARD_REDIS would replace the Cluster in the file again.
Result<void> RedisCounters::node_of_a_cluster(std::string_view problem) const {
  std::string variable = name_;
  std::ranges::transform(variable, variable.begin(),
                         [](char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return invalid(fmt::format(
      "this Redis cannot be used for counters: {0}; in the environment it is RATEGUARD_STORES_{1}_TYPE=redis and "
      "RATEGUARD_STORES_{1}_CLUSTER, without RATEGUARD_REDIS",
      problem, variable));
}

void RedisCounters::watch_health() {
  see_health_ = loop_.every(kHealthPeriod, [this] { see_health(); });
  see_health();
}

void RedisCounters::see_health() {
  const bool connected = client_->is_ready();
  const FallbackStats stats = fallback_.stats();
  health_.see(number_,
              {.works = connected && stats.state == BreakerState::kClosed,
               .problem = connected ? redis_.last_problem() : client_->problem(),
               .degraded = stats.groups},
              loop_.now());
}

// Redis without TLS waits for the end of a line that a TLS greeting does not have.
bool RedisCounters::speaks_without_tls() {
  if (first_server_.tls == nullptr) return false;
  redis::RedisConnection connection(loop_, {.target = first_server_.target, .client_name = ""}, {});
  const auto answers = [&] {
    return connection.is_open() || connection.problem().code == ErrorCode::kInvalid;  // such as that a login is needed
  };
  connection.start();
  const net::Timer late = loop_.after(kPlainPatience, [this] { loop_.stop(); });
  const net::Timer look = loop_.every(Duration::millis(1), [&] {
    if (answers()) loop_.stop();
  });
  loop_.run();
  return answers();
}

void RedisCounters::look_at_eviction() {
  constexpr std::array<std::string_view, 2> kWords = {"INFO", "memory"};
  client_->call("", kWords, Duration::seconds(1), [this](const redis::CommandResult& answer) {
    const std::string_view policy = answer ? redis::info_field((*answer)->text, "maxmemory_policy") : "";
    if (policy.empty() || policy == std::exchange(eviction_policy_, policy) || policy == "noeviction") return;
    log_.write(
        LogLevel::kWarn,
        "redis may evict counters before their time, and limits then start from zero; set maxmemory-policy noeviction",
        {{"store", name_}, {"policy", policy}});
  });
}

void RedisCounters::forget(std::string_view key) {
  redis_.forget(key);
  leases_.forget(key);
}

void RedisCounters::forget_refusals() {
  redis_.forget_all();
}

void RedisCounters::on_client_change() {
  if (client_ == nullptr) return;  // still under construction
  const bool connected = client_->is_ready();
  if (connected_.exchange(connected, std::memory_order_relaxed) == connected || !connected) return;
  if (looks_at_eviction_) look_at_eviction();  // it may be another server now
  fallback_.end_wait(loop_.now());
  probe();
}

// Requests find out whether Redis works; without enough of them, this probes it with a write. A replica would answer a
// read too.
void RedisCounters::probe() {
  if (std::exchange(probing_, true)) return;
  bool asked = false;
  fallback_.probe(loop_.now(), [&](FallbackStore::Told told) {
    asked = true;
    redis_.probe([this, told = std::move(told)](bool works) mutable {
      probing_ = false;
      told(works);
    });
  });
  if (!asked) probing_ = false;
}

void RedisCounters::probe_what_fails() {
  if (fallback_.breaker().state() != BreakerState::kClosed || !redis_.problem().empty()) probe();
}

void RedisCounters::add_figures(RedisFigures& sum) const {
  const redis_store::RedisStoreFigures& redis = redis_.figures();
  const FallbackStats fallback = fallback_.stats();
  const LeaseStats leases = leases_.stats();
  ++sum.loops;
  sum.connected += is_connected() ? 1 : 0;
  sum.breakers_open += fallback.state == BreakerState::kClosed ? 0 : 1;
  sum.checks += redis.checks.value();
  sum.remembered += redis.remembered.value();
  sum.calls += redis.calls.value();
  sum.failures += redis.failures.value();
  sum.degraded += fallback.groups;
  sum.breaker_openings += fallback.openings;
  sum.from_leases += leases.from_wallets;
  sum.lease_calls += leases.lease_calls;
  sum.sync_calls += leases.reports;
  RedisErrors& errors = sum.errors.emplace(name_, RedisErrors{}).first->second;
  errors.failing_loops = health_.failing_loops();
  for (size_t i = 0; i < redis::kKnownErrors.size(); ++i) {
    if (redis.errors[i].value() != 0)
      errors.by_code[std::string(redis::kKnownErrors[i].code)] += redis.errors[i].value();
  }
}

}  // namespace rateguard::app

#include "app/instance.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "app/build.h"
#include "app/listen_options.h"
#include "app/time_zones.h"
#include "config/rules_revision.h"

namespace rateguard::app {
namespace {

using config::LogLevel;

// Expired counters are looked for in the background, so many slots at a time: a table of a million keys is gone through
// in ten seconds, at some 50 us of one core each time.
constexpr Duration kSweepInterval = Duration::millis(100);
constexpr TickBudget kSweepBudget{.slots = 16'384};
// A start waits so long for Redis to answer; it may be starting too.
constexpr Duration kRedisPatience = Duration::seconds(2);
// And for each further loop to have its connection, where the first has one: a millisecond or two, and the most that a
// busy machine makes of it.
constexpr Duration kLoopPatience = Duration::millis(200);

MemoryStoreOptions store_options(const config::StoreSettings& settings) {
  return {.max_keys = settings.max_keys,
          .when_full = settings.when_full == config::WhenFull::kRefuse ? FullPolicy::kRefuse : FullPolicy::kEvict};
}

metrics::ConnectionFigures& operator+=(metrics::ConnectionFigures& sum, const net::ConnectionStats& stats) {
  sum.open += stats.connections_open;
  sum.accepted += stats.connections_accepted;
  sum.refused += stats.connections_refused;
  return sum;
}

server::ServiceSettings service_settings(const config::Config& config) {
  return {.headers = config.headers,
          .tokens = config.listen.tokens,
          .admin_tokens = config.listen.admin_tokens,
          .access_log = config.log.access,
          .version = std::string(version_number()),
          .commit = std::string(commit())};
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::create(server::Log& log, ConfigSource source, const config::Config& config,
                                                   Prepared prepared) {
  auto store = MemoryStore::create(store_options(config.memory_store()));
  if (!store) return std::unexpected(store.error());
  auto instance =
      std::unique_ptr<Instance>(new Instance(log, std::move(source), config, std::move(prepared), std::move(*store)));
  if (auto restored = instance->restore_counters(); !restored) return std::unexpected(restored.error());
  if (auto added = instance->add_workers(); !added) return std::unexpected(added.error());
  instance->fill_service();
  instance->join_others();
  if (auto watching = instance->watch(); !watching) return std::unexpected(watching.error());
  return instance;
}

Instance::Instance(server::Log& log, ConfigSource source, const config::Config& config, Prepared prepared,
                   std::unique_ptr<MemoryStore> store)
    : source_(std::move(source)),
      config_(config),
      log_(log),
      turned_away_(log),
      at_start_(std::move(prepared)),
      store_(std::move(store)),
      service_(*store_),
      http_(config.listen.http),
      resp_(config.listen.resp),
      grpc_(config.listen.grpc),
      warnings_in_force_(warnings_about(config)) {
  if (!config_.envoy.config.empty()) envoy_loads_.successes = 1;
}

size_t Instance::loops_of(const config::Config& config) {
  if (config.listen.threads > 0) return static_cast<size_t>(config.listen.threads);
  return std::max(1U, std::thread::hardware_concurrency());
}

// What is left of a store's work may still ask how many instances there are.
Instance::~Instance() {
  membership_.end();
}

// Tasks that still wait use what the front ends have.
Instance::Worker::~Worker() {
  if (counters != nullptr) counters->abandon_tasks();
}

Result<void> Instance::restore_counters() {
  const std::string path = config_.snapshot_path();
  if (path.empty()) return {};
  const Duration interval = config_.memory_store().snapshot_interval;
  snapshots_ = std::make_unique<SnapshotKeeper>(*store_, path, interval, log_);
  return snapshots_->restore();
}

Result<void> Instance::add_workers() {
  log_key_warnings(at_start_.policy);
  const size_t loops = loops_of(config_);
  http::HttpServerOptions http = http_options(config_);
  std::optional<resp::RespServerOptions> resp;
  if (config_.listen.resp) resp = resp_options(config_);
  std::optional<http::Http2ServerOptions> grpc;
  if (config_.listen.grpc) grpc = grpc_options(config_);
  bodies_ = std::make_shared<http::BodyBudget>(config_.listen.waiting_bodies_bytes_max);
  http.bodies = bodies_;
  if (grpc) grpc->bodies = bodies_;
  http.host.on_turned_away = turned_away_.of("http");
  if (resp) resp->host.on_turned_away = turned_away_.of("resp");
  if (grpc) grpc->host.on_turned_away = turned_away_.of("grpc");
  http.host.tls = at_start_.tls;
  if (resp) resp->host.tls = at_start_.tls;
  if (grpc) grpc->host.tls = at_start_.h2;
  auto places = redis_places(config_, log_);
  if (!places) return std::unexpected(places.error());
  places_ = *std::move(places);
  for (size_t i = 0; i < loops; ++i) {
    auto worker = std::make_unique<Worker>();
    auto loop = net::EventLoop::create(worker->clock);
    if (!loop) return std::unexpected(loop.error());
    worker->loop = std::move(*loop);
    if (!places_.empty()) {
      if (auto good = add_counters(*worker); !good) return good;
    }
    worker->rate_limits = std::make_unique<rls::RateLimitService>(service_, store_of(*worker));
    worker->rate_limits->set_policy(at_start_.envoy);
    worker->rate_limits->set_rules(at_start_.policy);
    worker->api = std::make_unique<http_api::HttpApi>(service_, at_start_.policy, store_of(*worker));
    worker->api->serve_rate_limits(*worker->rate_limits);
    worker->server = std::make_unique<http::HttpServer>(http);
    const auto port = worker->server->start(*worker->loop, *worker->api);
    if (!port) return std::unexpected(port.error());
    http.host.address.port = http_.port = *port;
    http.host.address.sharing = net::PortSharing::kJoin;
    if (resp) {
      if (auto good = add_resp(*worker, at_start_.policy, *resp); !good) return good;
    }
    if (grpc) {
      if (auto good = add_grpc(*worker, *grpc); !good) return good;
    }
    workers_.push_back(std::move(worker));
  }
  return {};
}

server::LoopStore Instance::store_of(Worker& worker) {
  return worker.counters != nullptr ? worker.counters->loop_store() : server::LoopStore{.store = *store_};
}

// The first of them finds out whether each Redis can be used at all.
Result<void> Instance::add_counters(Worker& worker) {
  const bool is_first = workers_.empty();
  auto made = LoopCounters::create(
      *worker.loop, config_, places_, *store_,
      {.instances = [this](size_t place) { return membership_.alive(place); },
       .on_reset = [this](size_t place, std::string_view key) { membership_.tell_reset(place, key); }},
      log_);
  if (!made) return std::unexpected(made.error());
  worker.counters = *std::move(made);
  if (is_first) {
    if (auto good = worker.counters->await_connections(kRedisPatience); !good) return good;
  } else {
    worker.counters->settle(kLoopPatience);
  }
  worker.counters->watch_health();
  return {};
}

// The first of them decides the port for all.
Result<void> Instance::add_resp(Worker& worker, const Policy& policy, resp::RespServerOptions& options) {
  worker.resp_api = std::make_unique<resp::RespApi>(service_, policy, store_of(worker));
  worker.resp_server = std::make_unique<resp::RespServer>(options);
  const auto port = worker.resp_server->start(*worker.loop, *worker.resp_api);
  if (!port) return std::unexpected(port.error());
  options.host.address.port = resp_->port = *port;
  options.host.address.sharing = net::PortSharing::kJoin;
  return {};
}

Result<void> Instance::add_grpc(Worker& worker, http::Http2ServerOptions& options) {
  worker.grpc = std::make_unique<GrpcFront>(service_, *worker.rate_limits, *worker.loop, options);
  const auto port = worker.grpc->start();
  if (!port) return std::unexpected(port.error());
  options.host.address.port = grpc_->port = *port;
  options.host.address.sharing = net::PortSharing::kJoin;
  return {};
}

void Instance::fill_service() {
  service_.settings = service_settings(config_);
  service_.log = &log_;
  service_.reload = [this](std::string_view by) { return reload(by); };
  service_.config_state = [this] { return config_state(); };
  service_.instances = [this](Instant now) { return membership_.all(now); };
  service_.dependencies = [this] { return store_states(); };
  metrics::Sources& figures = service_.metrics;
  figures.version = std::string(version_number());
  for (const auto& worker : workers_) {
    figures.loops.push_back(&worker->api->metrics());
    figures.loops.push_back(&worker->rate_limits->rule_metrics());
    figures.descriptors.push_back(&worker->rate_limits->metrics());
  }
  figures.stores = {{config_.memory_store_name(), store_.get()}};
  if (!places_.empty()) {
    figures.redis = [this] {
      metrics::RedisFigures sum;
      for (size_t place = 0; place < places_.size(); ++place) add_redis_figures(place, sum);
      sum.instances = membership_.all(net::SystemClock().now()).size();
      return sum;
    };
  }
  figures.connections = [this] {
    metrics::ConnectionFigures sum;
    for (const auto& worker : workers_) sum += worker->server->stats();
    return sum;
  };
  figures.bodies = [this] {
    return metrics::BodyFigures{.waiting_bytes = bodies_->bytes(), .refused = bodies_->refusals()};
  };
  if (resp_) {
    for (const auto& worker : workers_) {
      figures.loops.push_back(&worker->resp_api->metrics());
      figures.resp_loops.push_back(&worker->resp_api->resp_metrics());
    }
    figures.resp_connections = [this] {
      metrics::ConnectionFigures sum;
      for (const auto& worker : workers_) sum += worker->resp_server->stats();
      return sum;
    };
  }
  if (grpc_) {
    for (const auto& worker : workers_) figures.grpc_loops.push_back(&worker->grpc->metrics());
    figures.grpc_figures = [this] {
      metrics::GrpcFigures sum;
      for (const auto& worker : workers_) worker->grpc->add_figures(sum);
      return sum;
    };
  }
  if (snapshots_ != nullptr) figures.snapshot = [this] { return snapshots_->figures(); };
  figures.time_zones = time_zones_version;
  figures.reloads = [this] {
    const std::lock_guard lock(state_mutex_);
    return reloads_;
  };
  if (config_.envoy.config.empty()) return;
  figures.envoy_loads = [this] {
    const std::lock_guard lock(state_mutex_);
    return envoy_loads_;
  };
}

// The stores in the order of their numbers, then what else may fail.
std::vector<server::Dependency> Instance::store_states() const {
  std::vector<server::Dependency> states;
  for (size_t place = 0; place < places_.size(); ++place) states.push_back(redis_state(place));
  const std::vector<std::string> names = config_.store_names();
  if (states.size() != names.size()) {
    const auto at = std::ranges::find(names, config_.memory_store_name()) - names.begin();
    states.insert(states.begin() + at, memory_state());
  }
  if (snapshots_ != nullptr) states.push_back(snapshots_->state(net::SystemClock().read().wall()));
  if (has_configuration()) states.push_back(configuration_state());
  return states;
}

server::Dependency Instance::memory_state() const {
  const StoreStats stats = store_->stats();
  return {.name = "store " + config_.memory_store_name(),
          .detail = fmt::format("memory, {} of {} keys", stats.keys, stats.keys_max)};
}

// Redis is not vital: while it fails, rules go by their on_store_failure, here as on any other instance.
server::Dependency Instance::redis_state(size_t place) const {
  metrics::RedisFigures figures;
  add_redis_figures(place, figures);
  server::Dependency state{.name = "store " + places_[place].name, .detail = {}, .vital = false};
  state.ready = figures.connected == figures.loops && figures.breakers_open == 0;
  const server::StoreHealth& health = *places_[place].health;
  state.detail = fmt::format("redis at {}, {} of {} loops connected, breaker open on {}", health.address(),
                             figures.connected, figures.loops, figures.breakers_open);
  if (const std::string words = health.words(net::SystemClock().now()); !words.empty()) state.detail += ", " + words;
  return state;
}

void Instance::add_redis_figures(size_t place, metrics::RedisFigures& sum) const {
  for (const auto& worker : workers_) worker->counters->redis(place).add_figures(sum);
}

void Instance::join_others() {
  std::map<std::string, std::string> addresses = {{"http", http_.to_string()}};
  if (grpc_) addresses["grpc"] = grpc_->to_string();
  if (resp_) addresses["resp"] = resp_->to_string();
  membership_.set_addresses(std::move(addresses));
  membership_.set_rules_revision(config::rules_revision(config_.rules));
  // Each instance has a configuration of its own: what another has loaded is a reason to look at it.
  const auto look_anew = [this] {
    forget_refusals();
    if (files_ != nullptr) files_->look_soon();
  };
  for (const RedisPlace& place : places_) {
    membership_.join(*workers_.front()->loop, place.target, place.settings,
                     {.on_reset = [this](std::string_view key) { forget(key); },
                      .on_reload = [look_anew](std::string_view) { look_anew(); },
                      .on_missed = look_anew,
                      .on_problem = [this, name = place.name](std::string_view why) { log_membership(name, why); }});
  }
}

void Instance::log_membership(const std::string& store, std::string_view problem) {
  if (problem.empty()) return log_.write(LogLevel::kInfo, "other instances are seen again", {{"store", store}});
  log_.write(LogLevel::kWarn, "other instances are not seen, or not heard", {{"store", store}, {"why", problem}});
}

void Instance::forget(std::string_view key) {
  store_->reset(key, kOnePlace);
  for (const auto& worker : workers_) {
    worker->loop->post([worker = worker.get(), name = std::string(key)] { worker->counters->forget(name); });
  }
}

void Instance::forget_refusals() {
  for (const auto& worker : workers_) {
    worker->loop->post([worker = worker.get()] { worker->counters->forget_refusals(); });
  }
}

std::vector<std::string> Instance::files_to_watch(const std::vector<std::string>& subject_files) const {
  std::vector<std::string> files;
  for (const std::string& file :
       {source_.path(), config_.listen.tls.certificate, config_.listen.tls.key, config_.listen.tls.client_ca,
        config_.identity.jwt.key_file, config_.envoy.reload ? config_.envoy.config : std::string()}) {
    if (!file.empty()) files.push_back(file);
  }
  files.insert(files.end(), subject_files.begin(), subject_files.end());
  return files;
}

Result<void> Instance::watch_files(std::vector<std::string> files) {
  if (files.empty()) return {};
  auto watcher = net::FileWatcher::create(*workers_.front()->loop, std::move(files),
                                          [this](const auto&) { (void)reload("changed file"); });
  if (!watcher) return std::unexpected(watcher.error());
  files_ = std::move(*watcher);
  return {};
}

Result<void> Instance::watch() {
  net::EventLoop& loop = *workers_.front()->loop;
  signals_ =
      std::make_unique<net::SignalWatcher>(loop, std::initializer_list<int>{SIGHUP, SIGTERM, SIGINT},
                                           [this](int signal) { signal == SIGHUP ? (void)reload("SIGHUP") : drain(); });
  if (auto watching = watch_files(files_to_watch(config_.subject_files)); !watching) return watching;
  sweep_ = loop.every(kSweepInterval, [this, &loop] { store_->tick(loop.now(), kSweepBudget); });
  return {};
}

std::string Instance::addresses() const {
  std::string text = "http=" + http_.to_string();
  if (grpc_) text += " grpc=" + grpc_->to_string();
  if (resp_) text += " resp=" + resp_->to_string();
  return text;
}

Result<void> Instance::run() {
  if (snapshots_ != nullptr) snapshots_->start();
  for (size_t i = 1; i < workers_.size(); ++i) {
    workers_[i]->thread = std::thread([loop = workers_[i]->loop.get()] { loop->run(); });
  }
  workers_.front()->loop->run();
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
  return snapshots_ != nullptr ? snapshots_->finish() : Result<void>();
}

void Instance::drain() {
  if (service_.draining.exchange(true)) return;
  log_.write(LogLevel::kInfo, "draining", {{"grace_ms", config_.listen.drain_grace.us / 1'000}});
  parts_left_ = 1 + workers_.size() * (1 + (resp_ ? 1 : 0) + (grpc_ ? 1 : 0));
  membership_.leave([this] { part_has_ended(); });
  net::EventLoop& first = *workers_.front()->loop;
  for (const auto& worker : workers_) {
    worker->loop->post([this, worker = worker.get(), &first] {
      const auto emptied = [this, &first] { first.post([this] { part_has_ended(); }); };
      worker->server->drain(config_.listen.drain_grace, emptied);
      if (worker->resp_server != nullptr) worker->resp_server->drain(config_.listen.drain_grace, emptied);
      if (worker->grpc != nullptr) worker->grpc->drain(config_.listen.drain_grace, emptied);
    });
  }
}

void Instance::part_has_ended() {
  if (--parts_left_ > 0) return;
  log_.write(LogLevel::kInfo, "drained");
  for (const auto& worker : workers_) worker->loop->stop();
}

}  // namespace rateguard::app

#include "app/serve/instance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/build/build.h"
#include "config/rules_revision.h"
#include "net/clock.h"

namespace rateguard::app {
namespace {

// Expired counters are removed in the background, some slots at a time: a table of a million keys takes ten seconds, at
// some 50 us of one core each time.
constexpr Duration kSweepInterval = Duration::millis(100);
constexpr TickBudget kSweepBudget{.slots = 16'384};
// How long a start waits for another service's last snapshot, after that one's grace: some gigabytes on a slow disk.
constexpr Duration kSavePatience = Duration::seconds(60);

// How long the end waits for a reload, where no grace is left: some files are read and some rules compiled.
constexpr auto kBlockingGraceMin = std::chrono::seconds(1);

MemoryStoreOptions store_options(const StoreSettings& settings) {
  return {.max_keys = settings.max_keys, .when_full = settings.when_full};
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::create(Log& log, ConfigSource source, const config::Config& config,
                                                   Prepared prepared, std::span<const FrontEndKind* const> kinds) {
  auto store = MemoryStore::create(store_options(config.memory_store()));
  if (!store) return std::unexpected(store.error());
  auto instance =
      std::unique_ptr<Instance>(new Instance(log, std::move(source), config, std::move(prepared), std::move(*store)));
  if (auto restored = instance->restore_counters(); !restored) return std::unexpected(restored.error());
  auto opened = CatalogInUse::open(config, log);
  if (!opened) return std::unexpected(opened.error());
  instance->catalog_ = *std::move(opened);
  instance->add_front_ends(kinds);
  if (auto added = instance->add_workers(); !added) return std::unexpected(added.error());
  instance->fill_service();
  instance->join_others();
  instance->start_catalog();
  if (auto watching = instance->watch(); !watching) return std::unexpected(watching.error());
  return instance;
}

Instance::Instance(Log& log, ConfigSource source, const config::Config& config, Prepared prepared,
                   std::unique_ptr<MemoryStore> store)
    : source_(std::move(source)),
      config_(config),
      log_(log),
      turned_away_(log),
      at_start_(std::move(prepared)),
      store_(std::move(store)),
      service_(*store_),
      decision_times_(service_.decisions),
      store_source_(config.memory_store_name(), *store_),
      redis_source_([this] { return redis_figures(); }),
      warnings_in_force_(warnings_about(config)) {
  if (!config_.envoy.config.empty()) envoy_loads_.count_success();
}

size_t Instance::loops_of(const config::Config& config) {
  if (config.listen.threads > 0) return static_cast<size_t>(config.listen.threads);
  return std::max(1U, std::thread::hardware_concurrency());
}

// The pool's work uses this, and a store's remaining work may still ask for the number of instances.
Instance::~Instance() {
  if (catalog_ != nullptr) catalog_->stop();
  blocking_.stop();
  membership_.end();
}

Result<void> Instance::restore_counters() {
  const std::string path = config_.snapshot_path();
  if (path.empty()) return {};
  const Duration interval = config_.memory_store().snapshot_interval;
  snapshots_ = std::make_unique<SnapshotKeeper>(*store_, path, interval, log_);
  return snapshots_->restore(config_.listen.drain_grace + kSavePatience);
}

void Instance::start_catalog() {
  if (catalog_ == nullptr) return;
  const std::string address = front_ends_.empty() ? std::string() : front_ends_.front().front_end->describe();
  catalog_->start(*workers_.front()->loop, blocking_,
                  {.id = membership_.id_text(),
                   .address = address,
                   .version = std::string(version_number()),
                   .started_at = net::SystemClock().read().wall()},
                  [this](int64_t revision) { membership_.tell_catalog(revision); });
}

void Instance::join_others() {
  std::map<std::string, std::string> addresses;
  for (const auto& [name, front_end] : front_ends_) addresses[std::string(name)] = front_end->describe();
  membership_.set_addresses(std::move(addresses));
  membership_.set_rules_revision(config::rules_revision(config_.rules));
  // Each instance has its own configuration: when another one reloads, check whether it has changed too.
  const auto look_anew = [this] {
    forget_refusals();
    if (files_ != nullptr) files_->look_soon();
  };
  for (const RedisTarget& place : places_) {
    membership_.join(
        *workers_.front()->loop, place.target, place.settings,
        {.on_reset = [this](std::string_view key) { forget(key); },
         .on_reload = [look_anew](std::string_view) { look_anew(); },
         .on_catalog = [this](int64_t revision) { look_at_catalog(revision); },
         .on_missed =
             [this, look_anew] {
               look_anew();
               look_at_catalog(0);
             },
         .on_secret = [this, number = place.number](std::string_view secret) { note_charge_secret(number, secret); },
         .on_problem = [this, name = place.name](std::string_view why) { log_membership(name, why); }});
  }
}

void Instance::look_at_catalog(int64_t revision) {
  if (catalog_ != nullptr) catalog_->look_soon(revision);
}

void Instance::note_charge_secret(StoreNumber store, std::string_view secret) {
  if (const auto known = server::ChargeSecret::from(secret)) service_.charge_secrets.set(store, *known);
}

void Instance::log_membership(const std::string& store, std::string_view problem) {
  if (problem.empty())
    return log_.write(LogLevel::kInfo, "other instances are seen and heard again", {{"store", store}});
  log_.write(
      LogLevel::kWarn,
      "other instances are not seen or heard; resets made there do not arrive, and local shares go by their last "
      "number",
      {{"store", store}, {"why", problem}});
}

void Instance::forget(std::string_view key) {
  store_->reset(key, {.hash_tag_from = kOneHashTag});
  for (const auto& worker : workers_) {
    worker->loop->post([worker = worker.get(), name = std::string(key)] { worker->counters->forget(name); });
  }
}

void Instance::forget_refusals() {
  for (const auto& worker : workers_) {
    worker->loop->post([worker = worker.get()] { worker->counters->forget_refusals(); });
  }
}

Result<void> Instance::watch() {
  net::EventLoop& loop = *workers_.front()->loop;
  signals_ = std::make_unique<net::SignalWatcher>(
      loop, std::initializer_list<int>{SIGHUP, SIGTERM, SIGINT}, [this](int signal) {
        signal == SIGHUP ? reload_soon("SIGHUP") : drain(signal == SIGTERM ? "SIGTERM" : "SIGINT");
      });
  std::vector<std::string> files = files_to_watch(config_);
  {
    const HeldLock lock(reload_mutex_);
    files_in_force_ = files_watched_ = files;
  }
  const auto at_once = net::FileWatcherOptions::FirstLook::kAtOnce;
  if (auto watching = watch_files(std::move(files), at_once); !watching) return watching;
  sweep_ = loop.every(kSweepInterval, [this, &loop] { store_->tick(loop.now(), kSweepBudget); });
  return {};
}

std::string Instance::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& [name, front_end] : front_ends_) {
    addresses.push_back(fmt::format("{}={}", name, front_end->describe()));
  }
  return fmt::format("{}", fmt::join(addresses, " "));
}

std::string Instance::notices() const {
  std::string lines;
  for (const auto& [name, front_end] : front_ends_) lines += front_end->notice();
  return lines;
}

Result<void> Instance::run() {
  waiting_source_.set_pool(blocking_);
  if (snapshots_ != nullptr) snapshots_->start(*workers_.front()->loop, blocking_);
  for (size_t i = 1; i < workers_.size(); ++i) {
    workers_[i]->thread = std::thread([loop = workers_[i]->loop.get()] { loop->run(); });
  }
  workers_.front()->loop->run();
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
  stop_blocking_work();
  const Result<void> saved = snapshots_ != nullptr ? snapshots_->finish() : Result<void>();
  if (!saved) return saved;
  const std::string path = config_.snapshot_path();
  log_.write(LogLevel::kInfo, "stopped",
             {{"counters_saved_to", path.empty() ? std::string_view("none") : std::string_view(path)}});
  return {};
}

// Drops reloads that have not begun. One that has begun may hang, on a file of a disk that has died; a snapshot that is
// being written takes the time that it takes, since saving another one beside it would spoil both.
void Instance::stop_blocking_work() {
  auto deadline = std::max(drained_until_, std::chrono::steady_clock::now() + kBlockingGraceMin);
  while (!blocking_.stop_until(deadline)) {
    if (snapshots_ == nullptr || !snapshots_->is_saving()) {
      has_hanging_work_ = true;
      return log_.write(LogLevel::kError, "ending though work for the disk, such as a reload, has not ended",
                        {{"grace_ms", config_.listen.drain_grace.us / 1'000}});
    }
    deadline = std::chrono::steady_clock::now() + kBlockingGraceMin;
  }
}

void Instance::drain(std::string_view by) {
  if (service_.draining.exchange(true)) return;
  drained_until_ = std::chrono::steady_clock::now() + std::chrono::microseconds(config_.listen.drain_grace.us);
  log_.write(LogLevel::kInfo, "stopping; nothing new is accepted, and what has begun may end within the grace",
             {{"by", by}, {"grace_ms", config_.listen.drain_grace.us / 1'000}});
  if (snapshots_ != nullptr) snapshots_->say_stopping();
  parts_left_ = 1 + workers_.size() * front_ends_.size();
  membership_.leave([this] { part_has_ended(); });
  net::EventLoop& first = *workers_.front()->loop;
  for (const auto& worker : workers_) {
    worker->loop->post([this, worker = worker.get(), &first] {
      const auto emptied = [this, &first] { first.post([this] { part_has_ended(); }); };
      worker->drain(config_.listen.drain_grace, emptied);
    });
  }
}

void Instance::part_has_ended() {
  if (--parts_left_ > 0) return;
  for (const auto& worker : workers_) worker->loop->stop();
}

}  // namespace rateguard::app

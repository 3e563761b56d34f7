// A running service: builds all its parts and connects them.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/serve/build_source.h"
#include "app/serve/catalog_in_use.h"
#include "app/serve/config_source.h"
#include "app/serve/front_end.h"
#include "app/serve/membership.h"
#include "app/serve/prepared.h"
#include "app/serve/snapshot_keeper.h"
#include "app/serve/turned_away_log.h"
#include "app/serve/worker.h"
#include "app/stores/loop_counters.h"
#include "app/stores/redis_figures.h"
#include "base/mutex.h"
#include "config/config.h"
#include "log/log.h"
#include "metrics/process_figures.h"
#include "net/blocking_pool.h"
#include "net/event_loop.h"
#include "net/file_watcher.h"
#include "net/signal_watcher.h"
#include "server/load_metrics.h"
#include "server/rls/descriptor_source.h"
#include "server/service.h"
#include "server/store_source.h"
#include "server/waiting_source.h"
#include "store/memory/memory_store.h"

namespace rateguard::app {

class Instance {
 public:
  // Builds everything and listens; nothing is answered before run(). `prepared` belongs to `config`. Errors: the reason
  // why it cannot serve. `log` and `kinds`, the front ends that there may be, outlive this.
  static Result<std::unique_ptr<Instance>> create(Log& log, ConfigSource source, const config::Config& config,
                                                  Prepared prepared,
                                                  std::span<const FrontEndKind* const> kinds = front_end_kinds());
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // "http=127.0.0.1:8080 grpc=127.0.0.1:8081 resp=127.0.0.1:6380", with the actual ports.
  std::string addresses() const;
  // What the person who starts it has to know, in lines, for standard output: it may hold secrets.
  std::string notices() const;
  // How many event loops there are with these settings.
  static size_t loops_of(const config::Config& config);
  // Serves on this thread and one for each further loop, until SIGTERM or SIGINT; then drains and saves the counters.
  // Errors: kIo if they could not be saved.
  Result<void> run();
  // After run(): work for the disk hangs, such as a reload. Then this cannot be destroyed; the process has to end
  // without (_exit(2)).
  bool has_hanging_work() const { return has_hanging_work_; }

 private:
  enum class InForce : uint8_t { kNo, kYes };

  Instance(Log& log, ConfigSource source, const config::Config& config, Prepared prepared,
           std::unique_ptr<MemoryStore> store);

  Result<void> restore_counters();
  // REQUIRES: all addresses are known.
  void start_catalog();
  Result<void> add_workers();
  Result<void> add_counters(LoopWorker& worker);
  server::LoopStore store_of(LoopWorker& worker);
  std::vector<server::Dependency> store_states() const;
  server::Dependency memory_state() const;
  server::Dependency redis_state(size_t place) const;
  void add_redis_figures(size_t place, RedisFigures& sum) const;
  RedisFigures redis_figures() const;
  // REQUIRES: all addresses are known.
  void join_others();
  // On any thread: the catalog may have come to that revision; 0: to any.
  void look_at_catalog(int64_t revision);
  // Logs the broken keys of the key file, which were skipped.
  void log_key_warnings(const Policy& policy);
  // The secret that signs the charges of that store's counters is known.
  void note_charge_secret(StoreNumber store, std::string_view secret);
  void log_membership(const std::string& store, std::string_view problem);
  // On any loop's thread: this counter was reset; or unknown counters were.
  void forget(std::string_view key);
  void forget_refusals();
  Result<void> watch();
  // Those of `kinds` that the configuration has not turned off.
  void add_front_ends(std::span<const FrontEndKind* const> kinds);
  void fill_service();
  // In the order in which a scrape sees them.
  void register_sources();
  // Reads files, so it is called on a thread of the pool. An error changes nothing. `by` is who asked, for the log.
  Result<server::Reloaded> reload(std::string_view by);
  // On any thread: has the pool do it.
  void reload_soon(std::string by);
  server::ConfigState config_state() const;
  Result<server::Reloaded> reload_from(const config::Config& config);
  Result<envoy::DescriptorPolicy> load_envoy(const config::Config& config);
  // Every file that a reload of `config` reads again.
  std::vector<std::string> files_to_watch(const config::Config& config) const;
  // Called after a reload has read `config`, whether or not it was put in force.
  void follow_files(const config::Config& config, InForce in_force) RG_REQUIRES(reload_mutex_);
  // On the first loop's thread: watches these files from now on, or from when the pool has looked at them.
  Result<void> watch_files(std::vector<std::string> files, net::FileWatcherOptions::FirstLook first_look);
  void log_reload(std::string_view by, const Result<server::Reloaded>& outcome, const std::vector<Error>& warnings)
      RG_REQUIRES(reload_mutex_);
  server::Dependency configuration_state() const;
  bool has_configuration() const { return !source_.path().empty() || !config_.envoy.config.empty(); }
  // `by` is who asked, for the log.
  void drain(std::string_view by);
  void part_has_ended();
  void stop_blocking_work();

  ConfigSource source_;
  config::Config config_;  // as read at the start; reloads change rules and identity
  Log& log_;
  TurnedAwayLog turned_away_;
  const Prepared at_start_;
  std::vector<RedisTarget> places_;     // none: all counters are in memory
  std::unique_ptr<MemoryStore> store_;  // counters of this process, with the local shares of limits while Redis fails
  std::unique_ptr<CatalogInUse> catalog_;  // null: there is none
  server::Service service_;
  // Where the figures of a scrape come from, besides the parts themselves.
  server::DecisionTimeSource decision_times_;
  server::StoreSource store_source_;
  server::WaitingSource waiting_source_;
  rls::DescriptorSource descriptors_;
  RedisSource redis_source_;
  server::ReloadMetrics reloads_;
  server::EnvoyLoadMetrics envoy_loads_;
  BuildSource build_source_;
  metrics::ProcessSource process_;
  Membership membership_;
  struct NamedFrontEnd {
    std::string_view name;
    std::unique_ptr<FrontEnd> front_end;
  };
  std::vector<NamedFrontEnd> front_ends_;
  std::vector<std::unique_ptr<LoopWorker>> workers_;
  std::unique_ptr<SnapshotKeeper> snapshots_;  // none: nothing is kept
  net::BlockingPool blocking_;                 // stopped before the loops are destroyed
  std::unique_ptr<net::SignalWatcher> signals_;
  std::unique_ptr<net::FileWatcher> files_;  // null: no files to watch
  net::Timer sweep_;
  std::chrono::steady_clock::time_point drained_until_;  // when the grace of a drain ends
  bool has_hanging_work_ = false;
  size_t parts_left_ = 0;  // while draining, on the first loop's thread: listeners, and leaving the other instances

  Mutex reload_mutex_;         // held during a reload
  mutable Mutex state_mutex_;  // guards the results of a reload
  server::ConfigState config_state_ RG_GUARDED_BY(state_mutex_);
  std::vector<Error> warnings_in_force_ RG_GUARDED_BY(reload_mutex_);
  // The first are the files of the configuration in force; the second also those of a configuration that could not be
  // put in force.
  std::vector<std::string> files_in_force_ RG_GUARDED_BY(reload_mutex_);
  std::vector<std::string> files_watched_ RG_GUARDED_BY(reload_mutex_);
};

}  // namespace rateguard::app

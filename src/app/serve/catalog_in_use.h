// The catalog of a running service: its database, what is known of its keys, and who keeps that up to date.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/mutex.h"
#include "base/result.h"
#include "catalog/cache/key_cache.h"
#include "catalog/cache/key_cache_source.h"
#include "catalog/catalog_store.h"
#include "catalog/instance_report.h"
#include "config/config.h"
#include "log/log.h"
#include "metrics/registry.h"
#include "net/blocking_pool.h"
#include "net/event_loop.h"
#include "server/keys/catalog_watch.h"
#include "server/keys/key_finder.h"
#include "server/service.h"

namespace rateguard::app {

class CatalogInUse {
 public:
  // Null: the configuration has none. Errors: as open_catalog(). `log` outlives this.
  static Result<std::unique_ptr<CatalogInUse>> open(const config::Config& config, Log& log);
  ~CatalogInUse() { stop(); }
  CatalogInUse(const CatalogInUse&) = delete;
  CatalogInUse& operator=(const CatalogInUse&) = delete;

  catalog::CatalogStore& store() { return *store_; }
  // Before the loops run; `loop` outlives the finder, and this outlives both.
  std::unique_ptr<server::KeyFinder> make_finder(net::EventLoop& loop);
  // Before the loops run. `loop` is the first one, `self` this instance, and `tell_others` tells other instances of a
  // revision of the catalog.
  void start(net::EventLoop& loop, net::BlockingPool& blocking, catalog::InstanceReport self,
             std::function<void(int64_t revision)> tell_others);
  // Any thread: another instance says that the catalog has come to this revision; 0: it may have.
  void look_soon(int64_t revision);
  void report_to(metrics::Registry& registry) const;
  // For GET /ready: it is not vital, as answers follow on_catalog_failure.
  server::Dependency state(Instant now) const;
  // Called when no loop runs any more, before the loops and the blocking pool are destroyed.
  void stop();

 private:
  // What the database's own thread calls, until the watch is gone.
  struct Listener {
    Mutex mutex;
    server::CatalogWatch* watch RG_GUARDED_BY(mutex) = nullptr;
  };

  CatalogInUse(std::string name, const CatalogSettings& settings, std::unique_ptr<catalog::CatalogStore> store,
               Log& log);

  const std::string name_;
  Log& log_;
  const std::shared_ptr<Listener> listener_ = std::make_shared<Listener>();
  std::unique_ptr<catalog::CatalogStore> store_;
  catalog::KeyCache cache_;
  catalog::KeyCacheSource cache_figures_;
  server::KeyRefusalSource refusals_;
  net::BlockingPool pool_;  // for keys alone: nothing else waits behind a thousand of them
  std::unique_ptr<server::CatalogWatch> watch_;
};

}  // namespace rateguard::app

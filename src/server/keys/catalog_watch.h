// Keeps what this instance knows of the catalog up to date, and tells the catalog how far it has come.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "catalog/cache/key_cache.h"
#include "catalog/catalog_store.h"
#include "catalog/instance_report.h"
#include "net/blocking_pool.h"
#include "net/event_loop.h"

namespace rateguard::server {

struct CatalogWatchOptions {
  // A lost message costs so long.
  Duration look_each = Duration::seconds(1);
  // An instance that has applied nothing new says so often that it is there.
  Duration report_each = Duration::seconds(5);
  Duration write_uses_each = Duration::seconds(10);
  Duration expire_each = Duration::seconds(60);
};

// On its loop's thread, except where a member says otherwise. The pool is stopped before this is destroyed, and this
// before the loop.
class CatalogWatch {
 public:
  // Each is called on the loop's thread, and may be empty.
  struct Handlers {
    // A new revision has been applied.
    std::function<void(int64_t revision)> on_applied = {};
    // The catalog cannot be asked any more, or can again if `problem` is empty.
    std::function<void(std::string_view problem)> on_problem = {};
  };

  // `self` says who this instance is; its times and revisions are filled in. `started` is the wall clock's time.
  CatalogWatch(net::EventLoop& loop, net::BlockingPool& pool, catalog::CatalogStore& store, catalog::KeyCache& cache,
               catalog::InstanceReport self, Handlers handlers, CatalogWatchOptions options = {});
  CatalogWatch(const CatalogWatch&) = delete;
  CatalogWatch& operator=(const CatalogWatch&) = delete;

  // Looks each second from now on, and at once.
  void start();
  // Any thread: something has changed, perhaps up to `revision`; 0: messages may have been lost.
  void look_soon(int64_t revision);
  // Why the catalog cannot be asked; empty if it can.
  const std::string& problem() const { return problem_; }

 private:
  struct Looked {
    int64_t revision = 0;
    std::string problem = {};
  };
  // What is due besides the look.
  struct Due {
    Instant wall = {};
    bool report = false;
    bool uses = false;
    bool expire = false;
  };

  void look();
  Looked look_now(Now now, const Due& due);  // on a thread of the pool
  void report(int64_t revision, Instant wall, bool is_due);
  void done(const Looked& looked);

  net::EventLoop& loop_;
  net::BlockingPool& pool_;
  catalog::CatalogStore& store_;
  catalog::KeyCache& cache_;
  catalog::InstanceReport self_;  // while a look is under way it is that look's
  const Handlers handlers_;
  const CatalogWatchOptions options_;
  net::Timer timer_;
  bool is_looking_ = false;
  bool looks_again_ = false;
  int64_t applied_ = -1;
  Instant reported_at_ = {};
  Instant uses_written_at_ = {};
  Instant expired_at_ = {};
  std::string problem_;
};

}  // namespace rateguard::server

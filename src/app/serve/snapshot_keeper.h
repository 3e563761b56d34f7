// Saves the counters at intervals and at the end. Writing waits for the disk and deciding must not, so intervals are
// written on a thread for what blocks.
#pragma once

#include <memory>
#include <string>

#include "app/serve/snapshot_lock.h"
#include "base/mutex.h"
#include "log/log.h"
#include "model/instant.h"
#include "net/blocking_pool.h"
#include "net/event_loop.h"
#include "server/service.h"
#include "server/snapshot_metrics.h"
#include "store/memory/memory_store.h"

namespace rateguard::app {

class SnapshotKeeper {
 public:
  // `store` and `log` outlive the keeper.
  SnapshotKeeper(MemoryStore& store, std::string path, Duration interval, Log& log);
  // Saves no more. REQUIRES: the pool has ended before.
  ~SnapshotKeeper() = default;
  SnapshotKeeper(const SnapshotKeeper&) = delete;
  SnapshotKeeper& operator=(const SnapshotKeeper&) = delete;

  // Makes the folder and proves that it can be written to, takes the snapshot's lock, then puts the counters of an
  // earlier run into the empty store. Waits for up to `patience` for another service that is stopping and has the lock.
  // A damaged file is renamed and logged; a folder that cannot be written to, a lock that another service has, or a
  // file that cannot be read for another reason, is an error.
  Result<void> restore(Duration patience);
  // The service is stopping: the next one may wait for it. On the loop's thread.
  void say_stopping();
  // Saves at each interval from now on, unless the last snapshot is still being written. The loop outlives the keeper.
  // On the loop's thread, or before it runs.
  void start(net::EventLoop& loop, net::BlockingPool& pool);
  // Saves a last time. On the loop's thread; REQUIRES: none is being written on the pool. Errors: kIo; what was counted
  // since the last snapshot is lost.
  Result<void> finish();

  // All on any thread. Whether a snapshot is being written on the pool.
  bool is_saving() const;
  const metrics::Source& metrics() const { return metrics_; }
  // Not ready if the last attempt failed; never vital, since requests are decided nevertheless.
  server::Dependency state(Instant now) const;

 private:
  void save_beside(net::BlockingPool& pool);
  bool begins_saving();
  void ends_saving();
  Result<void> save();
  // What is on disk when the counters could not be saved.
  std::string_view what_remains() const RG_REQUIRES(mutex_);

  MemoryStore& store_;
  const std::string path_;
  const Duration interval_;
  Log& log_;

  server::SnapshotMetrics metrics_;

  mutable Mutex mutex_;
  bool is_saving_ RG_GUARDED_BY(mutex_) = false;     // at an interval
  std::string problem_ RG_GUARDED_BY(mutex_);        // of the last attempt; empty: it went well
  bool has_snapshot_ RG_GUARDED_BY(mutex_) = false;  // on disk, of this run or an earlier one
  net::Timer timer_;
  std::unique_ptr<SnapshotLock> lock_;  // null before restore()
};

}  // namespace rateguard::app

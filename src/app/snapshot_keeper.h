// Saves the counters at intervals and at the end, on a thread of its own: writing waits for the disk, deciding must
// not.
#pragma once

#include <string>
#include <thread>

#include "base/mutex.h"
#include "log/log.h"
#include "model/instant.h"
#include "server/service.h"
#include "server/snapshot_metrics.h"
#include "store/memory/memory_store.h"

namespace rateguard::app {

class SnapshotKeeper {
 public:
  // `store` and `log` outlive the keeper.
  SnapshotKeeper(MemoryStore& store, std::string path, Duration interval, Log& log);
  // Stops without saving.
  ~SnapshotKeeper();
  SnapshotKeeper(const SnapshotKeeper&) = delete;
  SnapshotKeeper& operator=(const SnapshotKeeper&) = delete;

  // Makes the folder and proves that it can be written to, then puts the counters of an earlier run into the empty
  // store. A damaged file is renamed and logged; a folder that cannot be written to, or a file that cannot be read for
  // another reason, is an error.
  Result<void> restore();
  void start();
  // Stops the thread and saves a last time. Errors: kIo; what was counted since the last snapshot is lost.
  Result<void> finish();

  // Both on any thread.
  const metrics::Source& metrics() const { return metrics_; }
  // Not ready if the last attempt failed; never vital, since requests are decided nevertheless.
  server::Dependency state(Instant now) const;

 private:
  void run();
  // Sleeps until the next snapshot is due. False: the keeper is stopping.
  bool waits_for_the_next();
  Result<void> save();
  // What is on disk when the counters could not be saved.
  std::string_view what_remains() const RG_REQUIRES(mutex_);

  MemoryStore& store_;
  const std::string path_;
  const Duration interval_;
  Log& log_;

  server::SnapshotMetrics metrics_;

  mutable Mutex mutex_;
  Condition wake_;
  bool stopping_ RG_GUARDED_BY(mutex_) = false;
  std::string problem_ RG_GUARDED_BY(mutex_);        // of the last attempt; empty: it went well
  bool has_snapshot_ RG_GUARDED_BY(mutex_) = false;  // on disk, of this run or an earlier one
  std::thread thread_;
};

}  // namespace rateguard::app

// Saves the counters at intervals and at the end, on a thread of its own: writing waits for the disk, deciding must
// not.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "metrics/exposition.h"
#include "model/instant.h"
#include "server/log.h"
#include "store/memory/memory_store.h"

namespace rateguard::app {

class SnapshotKeeper {
 public:
  // `store` and `log` outlive the keeper.
  SnapshotKeeper(MemoryStore& store, std::string path, Duration interval, server::Log& log);
  // Stops without saving.
  ~SnapshotKeeper();
  SnapshotKeeper(const SnapshotKeeper&) = delete;
  SnapshotKeeper& operator=(const SnapshotKeeper&) = delete;

  // Puts the counters of an earlier run into the empty store. A damaged file is set aside and said; only a file that
  // cannot be read for another reason is an error.
  Result<void> restore();
  void start();
  // Stops the thread and saves a last time.
  void finish();

  // Any thread.
  metrics::SnapshotFigures figures() const;

 private:
  void run();
  void save();

  MemoryStore& store_;
  const std::string path_;
  const Duration interval_;
  server::Log& log_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;             // guarded by mutex_
  metrics::SnapshotFigures figures_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace rateguard::app

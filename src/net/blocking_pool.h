// Threads for what blocks: files, SQLite, a client library that waits by itself. An event loop hands work over and goes
// on; a task of its waits for the result (net/blocking_calls.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/counter.h"
#include "base/mutex.h"
#include "model/instant.h"
#include "net/connection_host.h"

namespace rateguard::net {

struct BlockingPoolOptions {
  // Work that blocks waits for a disk or a server, not for a processor.
  size_t threads = 4;
  // Work that has not begun. Beyond, submit() refuses: what blocks has fallen behind, and more would only wait longer.
  size_t queued_max = 1'024;
};

struct BlockingPoolFigures {
  uint64_t queued = 0;
  uint64_t running = 0;
  uint64_t refused = 0;   // ever, for want of room
  Duration oldest_wait;   // how long the oldest of what is queued has waited
  Duration longest_wait;  // of all that ever began
};

// Any thread may call any member.
class BlockingPool {
 public:
  // Must not throw. What it needs it owns, or it outlives the pool.
  using Work = std::move_only_function<void()>;
  // Work of one key runs in the order in which it was submitted, one at a time. kNoOrder: in any, beside all other.
  using Key = uint64_t;
  static constexpr Key kNoOrder = 0;
  // Names work until it has ended.
  using Ticket = uint64_t;

  // `now` says the time that waits are measured in.
  explicit BlockingPool(BlockingPoolOptions options = {}, SteadyNow now = std::chrono::steady_clock::now);
  // As stop().
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // None: so much is queued, or the pool has been told to end, and `work` was dropped.
  std::optional<Ticket> submit(Work work, Key key = kNoOrder);
  // Drops work that has not begun. False: it has begun, or ended.
  bool cancel(Ticket ticket);
  // Ends the threads when everything that is queued has been done, and waits for that. Nothing is taken any more.
  void drain();
  // The same, but what has not begun is dropped.
  void stop();

  BlockingPoolFigures figures() const;

 private:
  struct Job {
    Ticket ticket;
    Key key;
    Work work;
    std::chrono::steady_clock::time_point since;
  };
  using Jobs = std::list<Job>;

  void run();
  // The first whose key nobody is busy with. End: none.
  Jobs::iterator next_job() RG_REQUIRES(mutex_);
  void take_job(Jobs::iterator job, Jobs& into) RG_REQUIRES(mutex_);
  void join();

  const BlockingPoolOptions options_;
  const SteadyNow now_;

  mutable Mutex mutex_;
  Condition changed_;
  Jobs queued_ RG_GUARDED_BY(mutex_);
  std::unordered_set<Key> busy_ RG_GUARDED_BY(mutex_);  // keys whose work runs
  Ticket last_ticket_ RG_GUARDED_BY(mutex_) = 0;
  bool ending_ RG_GUARDED_BY(mutex_) = false;
  uint64_t running_ RG_GUARDED_BY(mutex_) = 0;
  uint64_t refused_ RG_GUARDED_BY(mutex_) = 0;
  Duration longest_wait_ RG_GUARDED_BY(mutex_);

  Mutex joining_;
  std::vector<std::thread> threads_ RG_GUARDED_BY(joining_);
};

}  // namespace rateguard::net

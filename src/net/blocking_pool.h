// Threads for work that blocks: files, SQLite, a client library that waits by itself. An event loop hands work over and
// continues; one of its tasks waits for the result (net/blocking_calls.h).
#pragma once

#include <chrono>
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
  // Bound on work that has not begun. Above it submit() refuses: the threads have fallen behind, and more work would
  // only wait longer.
  size_t queued_max = 1'024;
};

struct BlockingPoolFigures {
  uint64_t queued = 0;
  uint64_t running = 0;
  uint64_t refused = 0;   // since the start, for lack of room
  Duration oldest_wait;   // how long the oldest queued job has waited
  Duration longest_wait;  // of all jobs that have begun
};

// Any thread may call any member.
class BlockingPool {
 public:
  // Must not throw. It owns what it needs, or refers to what outlives the pool.
  using Work = std::move_only_function<void()>;
  // Work of one key runs in the order in which it was submitted, one at a time. kNoOrder: in any order, concurrently
  // with all other work.
  using Key = uint64_t;
  static constexpr Key kNoOrder = 0;
  // Names a piece of work until that has ended.
  using Ticket = uint64_t;

  // `now` is the clock that waits are measured with.
  explicit BlockingPool(BlockingPoolOptions options = {}, SteadyNow now = std::chrono::steady_clock::now);
  // As stop().
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Gives no ticket, and drops `work`, if the queue is full or the pool has been told to end.
  std::optional<Ticket> submit(Work work, Key key = kNoOrder);
  // Drops work that has not begun. False if it has begun or ended.
  bool cancel(Ticket ticket);
  // Ends the threads once all queued work is done, and waits for that. No new work is accepted.
  void drain();
  // As drain(), but drops work that has not begun.
  void stop();
  // As stop(), but waits for work that has begun until `deadline` at most. False if some still runs: it may hang for
  // ever, and whatever would destroy the pool then waits for it.
  bool stop_until(std::chrono::steady_clock::time_point deadline);

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
  // The first job whose key no thread is working on, or end().
  Jobs::iterator next_job() RG_REQUIRES(mutex_);
  void take_job(Jobs::iterator job, Jobs& into) RG_REQUIRES(mutex_);
  void drop_queued();
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

// Blocking work as a task sees it: the task asks for it and continues when the result has arrived.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "net/blocking_pool.h"
#include "net/event_loop.h"
#include "net/tasks.h"

namespace rateguard::net {

// What became of a call.
enum class Called : uint8_t {
  kDone,
  kRefused,    // the pool took nothing: its queue is full, or it is stopping
  kLate,       // the deadline came first. Work that has begun continues, and its result is dropped
  kCancelled,  // as kLate, but because the task was cancelled
};

template <typename Value>
struct CallResult {
  Called called = Called::kDone;
  std::optional<Value> value = {};  // kDone only
};

// One per event loop, on its thread only. The pool must be stopped before the loop is destroyed.
class BlockingCalls {
 public:
  BlockingCalls(BlockingPool& pool, Tasks& tasks, EventLoop& loop) : pool_(pool), tasks_(tasks), loop_(loop) {}

  // Runs `work` on one of the pool's threads and waits for what it returns. `work` owns what it uses, since it may
  // still run when its task has stopped waiting. REQUIRES: a task calls; `work` does not throw and returns a value.
  template <typename Work>
  auto call(Work work, BlockingPool::Key key = BlockingPool::kNoOrder, Instant deadline = Instant::max())
      -> CallResult<decltype(work())> {
    using Value = decltype(work());
    auto result = std::make_shared<std::optional<Value>>();
    std::optional<BlockingPool::Ticket> ticket;
    const Woken woken = tasks_.await(
        [&](const Tasks::Answered& answered) {
          auto end = std::make_unique<End>(loop_, alive_, answered);
          ticket = pool_.submit(
              [work = std::move(work), result, end = std::move(end)]() mutable { result->emplace(work()); }, key);
        },
        deadline);
    if (woken == Woken::kAnswered) {
      if (!*result) return {.called = Called::kRefused};
      return {.called = Called::kDone, .value = std::move(*result)};
    }
    if (ticket) pool_.cancel(*ticket);
    return {.called = woken == Woken::kLate ? Called::kLate : Called::kCancelled};
  }

 private:
  // Says whether the work was done or dropped. Any thread may destroy it; the task is told on its loop's thread.
  struct End {
    EventLoop& loop;
    std::weak_ptr<char> alive;
    Tasks::Answered answered;
    End(EventLoop& its_loop, std::weak_ptr<char> calls, const Tasks::Answered& its_answer)
        : loop(its_loop), alive(std::move(calls)), answered(its_answer) {}
    End(End&&) = delete;
    ~End() {
      loop.post([calls = alive, wake = answered] {
        if (!calls.expired()) wake();
      });
    }
  };

  BlockingPool& pool_;
  Tasks& tasks_;
  EventLoop& loop_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // expired when posted work runs too late
};

}  // namespace rateguard::net

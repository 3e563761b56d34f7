// For tests: the base of servers of any protocol on a store behind a network.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "net/eventually_testing.h"
#include "net/loop_thread_testing.h"
#include "net/tasks.h"
#include "server/awaiting_store.h"
#include "server/denying_store_for_tests.h"
#include "server/late_store_for_tests.h"
#include "server/service.h"
#include "store/memory/memory_store.h"

namespace rateguard::server {

// An event loop on its own thread, whose store answers when it is told to. A server derives from it, calls run() when
// it is set up, and stop() before any part of it is destroyed.
class LateLoop {
 public:
  explicit LateLoop(net::TasksOptions tasks = {}) : tasks_(std::in_place, loop_.loop(), tasks) {}
  LateLoop(const LateLoop&) = delete;
  LateLoop& operator=(const LateLoop&) = delete;

  // What waits is unwound.
  void stop() {
    loop_.stop();
    tasks_.reset();
  }
  // Runs `work` on the loop's thread and waits for it.
  template <typename Work>
  auto on_loop(Work work) {
    return loop_.on_loop(std::move(work));
  }
  // Whether `count` questions come to wait for an answer.
  bool asked(size_t count) {
    return net::eventually([&] { return on_loop([&] { return late.waiting(); }) == count; });
  }
  void answer(size_t index = 0) {
    on_loop([&] { late.answer(index); });
  }
  void answer_all() {
    on_loop([&] { late.answer_all(); });
  }
  // Tasks that have begun and not ended.
  size_t running() {
    return on_loop([&] { return tasks_->running(); });
  }

  // To be called on the loop's thread.
  net::ManualClock& clock() { return loop_.clock(); }
  const net::Tasks& tasks() const { return *tasks_; }

 protected:
  ~LateLoop() { stop(); }
  void run() { loop_.start(); }
  net::EventLoop& loop() { return loop_.loop(); }
  Service& service() { return service_; }
  LoopStore store(OnStoreFailure on_failure = OnStoreFailure::kAllow) {
    return {.store = store_, .tasks = &*tasks_, .on_failure = on_failure};
  }

 private:
  net::LoopThread<net::ManualClock> loop_;
  std::unique_ptr<MemoryStore> counters_ =
      MemoryStore::create({.max_keys = 10'000, .hash_key = memory::HashKey{}}).value();
  std::optional<net::Tasks> tasks_;

 public:
  LateStore late{*counters_};  // on the loop's thread

 private:
  DenyingStore denying_{late};
  AwaitingStore store_{denying_, *tasks_, loop_.loop()};
  Service service_{*counters_};
};

}  // namespace rateguard::server

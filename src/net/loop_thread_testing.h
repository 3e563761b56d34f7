// For tests: an event loop on a thread of its own.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "net/clock.h"
#include "net/event_loop.h"

namespace rateguard::net {

// Members that use the loop are declared after this one, so that they are destroyed first; the owner's destructor calls
// stop() before.
template <typename AnyClock = SystemClock>
class LoopThread {
 public:
  LoopThread() = default;
  ~LoopThread() { stop(); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  void start() {
    thread_ = std::thread([this] { loop_->run(); });
  }
  // Waits for the thread. A second call, or one without start(), does nothing.
  void stop() {
    if (!thread_.joinable()) return;
    loop_->stop();
    thread_.join();
  }

  // Runs `work` on the loop's thread, waits for it, and returns what it does. REQUIRES: start().
  template <typename Work>
  auto on_loop(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto done = task.get_future();
    loop_->post([&] { task(); });
    return done.get();
  }
  // Runs `work` on the loop's thread, without waiting for it.
  void post(std::function<void()> work) { loop_->post(std::move(work)); }

  EventLoop& loop() { return *loop_; }
  AnyClock& clock() { return clock_; }

 private:
  AnyClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  std::thread thread_;
};

}  // namespace rateguard::net

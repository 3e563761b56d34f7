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

// What uses the loop stands behind this in its owner, so that it goes first; the owner's destructor calls stop()
// before.
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
  // Waits for the thread. Again, or without start(): nothing.
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
  // Runs `work` on the loop's thread, some time.
  void post(std::function<void()> work) { loop_->post(std::move(work)); }

  EventLoop& loop() { return *loop_; }
  AnyClock& clock() { return clock_; }

 private:
  AnyClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  std::thread thread_;
};

}  // namespace rateguard::net

// One event loop: one thread, its timers, its sockets and its `now`. Boost.Asio runs it; connections are watched by an
// epoll set of the loop's own inside Asio's, which costs them no system call per wait (docs/decisions/0004).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "model/instant.h"
#include "net/clock.h"

namespace boost::asio {
class io_context;
}

namespace rateguard::net {

// Is told that its descriptor is ready.
class ReadyHandler {
 public:
  // `events` as epoll(7) reports them: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP.
  virtual void on_ready(uint32_t events) = 0;

 protected:
  ~ReadyHandler() = default;
};

// A timer that runs as long as this object lives. REQUIRES: destroyed before its loop, on the loop's thread.
class Timer {
 public:
  Timer() = default;
  ~Timer() { cancel(); }
  Timer(Timer&&) = default;
  Timer& operator=(Timer&& other) noexcept;
  // The work is not called after this.
  void cancel();

 private:
  friend class EventLoop;
  struct State;
  std::shared_ptr<State> state_;
};

// Any thread may call post() and stop(). All other members are for the loop's own thread: the one in run(), or the one
// that sets up before it.
class EventLoop {
 public:
  // Errors: kIo if the system gives no descriptors. Ignores SIGPIPE for the whole process, since for a server a peer
  // that has disconnected is ordinary. `clock` outlives the loop and is read on its thread only.
  static Result<std::unique_ptr<EventLoop>> create(Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until stop(); returns at once if that was called before. May be called again.
  void run();
  // Makes run() return soon; work not yet done stays for the next run().
  void stop();
  // Runs `work` on the loop's thread, in order of posting.
  void post(std::function<void()> work);

  // The time of this wake-up: read once, the same for everything that is handled in it.
  Now now() const { return now_; }
  Clock& clock() { return clock_; }

  [[nodiscard]] Timer after(Duration delay, std::function<void()> work);
  // Calls `work` not before `when` by the loop's clock.
  [[nodiscard]] Timer at(Instant when, std::function<void()> work);
  // Calls `work` once a period, for the first time one period from now. A missed period is left out.
  [[nodiscard]] Timer every(Duration period, std::function<void()> work);

  // Calls `handler` while the descriptor is ready for `events` (level-triggered, as epoll(7) has it). `handler`
  // outlives the watch. A handler that is unwatched or destroyed while events are handed out gets no more of them.
  Result<void> watch(int descriptor, uint32_t events, ReadyHandler& handler);
  void change(int descriptor, uint32_t events, ReadyHandler& handler);
  void unwatch(int descriptor, ReadyHandler& handler);

  // For net/ and other users of Asio; include <boost/asio/io_context.hpp> to use it.
  boost::asio::io_context& context();

 private:
  friend class Timer;  // wakes
  struct Impl;
  explicit EventLoop(Clock& clock);
  Result<void> open();
  void await_ready();
  void hand_out_events();
  void wake() { now_ = clock_.read(); }

  Clock& clock_;
  Now now_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rateguard::net

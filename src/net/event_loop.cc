#include "net/event_loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"

namespace rateguard::net {
namespace {

namespace asio = boost::asio;

// Events taken from the kernel at once: as many as Asio takes.
constexpr size_t kEventsPerBatch = 128;
// Batches handled before timers and posted work get their turn. At 128 requests of 5 us each that is 10 ms at most; at
// low load it is a single batch.
constexpr int kBatchesPerTurn = 16;

// The longest single wait of a timer: the wall clock may be set meanwhile, and the loop's clock follows it.
constexpr Duration kWaitMax = Duration::seconds(60);
// A time more than a hundred years away never comes, and its count of nanoseconds would not fit.
constexpr Duration kDelayMax = Duration::seconds(100LL * 366 * 86'400);

std::string system_message(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

}  // namespace

struct EventLoop::Impl {
  // Hint 1: only one thread runs it. Its locks stay (posting from other threads needs them) and are never contended.
  asio::io_context context{1};
  asio::posix::stream_descriptor ready{context};  // readable when a watched descriptor is ready
  int epoll = -1;                                 // owned by `ready`
  std::array<epoll_event, kEventsPerBatch> events{};
  size_t events_next = 0;
  size_t events_end = 0;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
};

// One wait of the three kinds of timer; the handler of a pending wait keeps it alive.
struct Timer::State : std::enable_shared_from_this<Timer::State> {
  State(EventLoop& owner, std::function<void()> callback)
      : loop(owner), timer(owner.context()), work(std::move(callback)) {}

  void wait(Duration delay);
  void fire();

  EventLoop& loop;
  asio::steady_timer timer;
  std::function<void()> work;
  std::optional<Instant> when;     // at(): wait again while the loop's clock is before it
  std::optional<Duration> period;  // every()
  std::chrono::steady_clock::time_point due;
  bool cancelled = false;
};

void Timer::State::wait(Duration delay) {
  const Duration longest = when ? kWaitMax : kDelayMax;
  timer.expires_after(std::chrono::microseconds(std::clamp<int64_t>(delay.us, 0, longest.us)));
  timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->cancelled) self->fire();
  });
}

void Timer::State::fire() {
  loop.wake();
  if (when && loop.now() < *when) return wait(*when - loop.now());
  if (period) {
    // Counted from the time it was due, so that periods do not drift; missed periods are left out.
    const auto step = std::chrono::microseconds(period->us);
    const auto now = std::chrono::steady_clock::now();
    due = std::max(due + step, now);
    wait(Duration::micros(std::chrono::duration_cast<std::chrono::microseconds>(due - now).count()));
  }
  work();
}

Timer& Timer::operator=(Timer&& other) noexcept {
  if (this != &other) {
    cancel();
    state_ = std::move(other.state_);
  }
  return *this;
}

void Timer::cancel() {
  if (!state_) return;
  state_->cancelled = true;
  state_->timer.cancel();
  state_.reset();
}

EventLoop::EventLoop(Clock& clock) : clock_(clock), now_(clock.read()) {}

EventLoop::~EventLoop() = default;

Result<std::unique_ptr<EventLoop>> EventLoop::create(Clock& clock) {
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<EventLoop> loop(new EventLoop(clock));
  try {
    loop->impl_ = std::make_unique<Impl>();
  } catch (const std::exception& error) {
    return fail(ErrorCode::kIo, std::string("cannot make an event loop: ") + error.what());
  }
  if (auto opened = loop->open(); !opened) return std::unexpected(opened.error());
  return loop;
}

Result<void> EventLoop::open() {
  impl_->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (impl_->epoll < 0) return fail(ErrorCode::kIo, system_message("cannot make an event loop"));
  boost::system::error_code error;
  impl_->ready.assign(impl_->epoll, error);
  if (error) {
    ::close(impl_->epoll);
    return fail(ErrorCode::kIo, "cannot make an event loop: " + error.message());
  }
  await_ready();
  return {};
}

void EventLoop::run() {
  impl_->context.run();
  impl_->context.restart();
}

void EventLoop::stop() {
  impl_->context.stop();
}

void EventLoop::post(std::function<void()> work) {
  asio::post(impl_->context, [this, work = std::move(work)] {
    wake();
    work();
  });
}

boost::asio::io_context& EventLoop::context() {
  return impl_->context;
}

void EventLoop::await_ready() {
  impl_->ready.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;  // the loop is being destroyed
    hand_out_events();
    await_ready();
  });
}

void EventLoop::hand_out_events() {
  Impl& impl = *impl_;
  for (int batch = 0; batch < kBatchesPerTurn; ++batch) {
    const int count = epoll_wait(impl.epoll, impl.events.data(), static_cast<int>(impl.events.size()), 0);
    if (count <= 0) return;
    wake();
    impl.events_end = static_cast<size_t>(count);
    for (impl.events_next = 0; impl.events_next < impl.events_end;) {
      const epoll_event event = impl.events[impl.events_next++];
      if (event.data.ptr != nullptr) static_cast<ReadyHandler*>(event.data.ptr)->on_ready(event.events);
    }
    impl.events_end = 0;
  }
}

Result<void> EventLoop::watch(int descriptor, uint32_t events, ReadyHandler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  if (epoll_ctl(impl_->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0) return {};
  return fail(ErrorCode::kIo, system_message("cannot watch a descriptor"));
}

void EventLoop::change(int descriptor, uint32_t events, ReadyHandler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  RG_CHECK(epoll_ctl(impl_->epoll, EPOLL_CTL_MOD, descriptor, &event) == 0);
}

void EventLoop::unwatch(int descriptor, ReadyHandler& handler) {
  epoll_event unused{};
  epoll_ctl(impl_->epoll, EPOLL_CTL_DEL, descriptor, &unused);
  // Strikes out the events of this batch that were not handed to the handler yet.
  for (size_t i = impl_->events_next; i < impl_->events_end; ++i) {
    if (impl_->events[i].data.ptr == &handler) impl_->events[i].data.ptr = nullptr;
  }
}

Timer EventLoop::after(Duration delay, std::function<void()> work) {
  Timer timer;
  timer.state_ = std::make_shared<Timer::State>(*this, std::move(work));
  timer.state_->wait(delay);
  return timer;
}

Timer EventLoop::at(Instant when, std::function<void()> work) {
  Timer timer;
  timer.state_ = std::make_shared<Timer::State>(*this, std::move(work));
  timer.state_->when = when;
  timer.state_->wait(when - clock_.now());
  return timer;
}

Timer EventLoop::every(Duration period, std::function<void()> work) {
  RG_CHECK(period > Duration{});
  Timer timer;
  timer.state_ = std::make_shared<Timer::State>(*this, std::move(work));
  timer.state_->period = period;
  timer.state_->due = std::chrono::steady_clock::now() + std::chrono::microseconds(period.us);
  timer.state_->wait(period);
  return timer;
}

}  // namespace rateguard::net

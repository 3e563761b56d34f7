#include "net/clock.h"

#include <time.h>

#include <algorithm>
#include <atomic>

#include "base/mutex.h"

namespace rateguard::net {
namespace {

constexpr int64_t kCompareEveryUs = 1'000'000;  // a backward step of the wall clock is seen within a second
constexpr int64_t kAheadUs = 1'000;             // a forward step counts from here on; less is ordinary drift
constexpr int kSlowShift = 11;                  // 1/2048: 488 ppm

int64_t read_us(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1'000;
}

}  // namespace

WallSteering::WallSteering(int64_t wall_us, int64_t steady_us) : base_{.us = wall_us, .steady_us = steady_us} {}

Instant WallSteering::at(int64_t steady_us) const {
  const int64_t elapsed = std::max<int64_t>(steady_us - base_.steady_us, 0);
  return Instant{base_.us + elapsed - std::min(elapsed >> kSlowShift, base_.behind_us)};
}

bool WallSteering::due(int64_t steady_us) const {
  return steady_us - base_.steady_us >= kCompareEveryUs;
}

void WallSteering::compare(int64_t wall_us, int64_t steady_us) {
  steady_us = std::max(steady_us, base_.steady_us);  // another thread may have compared since the caller read the clock
  const int64_t ours = at(steady_us).us;
  base_.us = std::max(ours, wall_us);
  base_.steady_us = steady_us;
  base_.behind_us = std::max<int64_t>(ours - wall_us, 0);
}

// Read by every loop at each wake-up and changed about once a second: readers write nothing.
class SystemClock::Shared {
 public:
  Shared() { store(WallSteering(read_us(CLOCK_REALTIME), read_us(CLOCK_MONOTONIC))); }

  Instant at(int64_t wall_us, int64_t steady_us) {
    const WallSteering steering = load();
    const Instant counted = steering.at(steady_us);
    if (!steering.due(steady_us) && wall_us <= counted.us + kAheadUs) return counted;
    const HeldLock lock(comparing_);
    WallSteering latest = load();
    latest.compare(wall_us, steady_us);
    store(latest);
    return std::max(counted, latest.at(steady_us));
  }

 private:
  // A sequence lock: odd while a change is under way.
  WallSteering load() const {
    while (true) {
      const uint64_t before = sequence_.load();
      const WallSteering::Base base = {base_us_.load(), base_steady_us_.load(), behind_us_.load()};
      if (before % 2 == 0 && sequence_.load() == before) return WallSteering(base);
    }
  }
  void store(const WallSteering& steering) {
    const WallSteering::Base base = steering.base();
    ++sequence_;
    base_us_ = base.us;
    base_steady_us_ = base.steady_us;
    behind_us_ = base.behind_us;
    ++sequence_;
  }

  Mutex comparing_;
  std::atomic<uint64_t> sequence_ = 0;
  std::atomic<int64_t> base_us_ = 0;
  std::atomic<int64_t> base_steady_us_ = 0;
  std::atomic<int64_t> behind_us_ = 0;
};

SystemClock::SystemClock()
    : shared_([]() -> Shared& {
        static Shared shared;
        return shared;
      }()) {}

Now SystemClock::read() {
  const int64_t steady_us = read_us(CLOCK_MONOTONIC);
  const int64_t wall_us = read_us(CLOCK_REALTIME);
  const Instant counted = shared_.at(wall_us, steady_us);
  return {counted, counted - Instant{wall_us}};
}

}  // namespace rateguard::net

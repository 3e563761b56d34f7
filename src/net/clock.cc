#include "net/clock.h"

#include <time.h>

#include <algorithm>

namespace rateguard::net {
namespace {

constexpr int64_t kCompareEveryUs = 1'000'000;  // a step of the wall clock is seen within a second
constexpr int kSlowShift = 11;                  // 1/2048: 488 ppm

int64_t read_us(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1'000;
}

}  // namespace

WallSteering::WallSteering(int64_t wall_us, int64_t steady_us) : base_us_(wall_us), base_steady_us_(steady_us) {}

Instant WallSteering::at(int64_t steady_us) const {
  const int64_t elapsed = steady_us - base_steady_us_;
  return Instant{base_us_ + elapsed - std::min(elapsed >> kSlowShift, behind_us_)};
}

bool WallSteering::due(int64_t steady_us) const {
  return steady_us - base_steady_us_ >= kCompareEveryUs;
}

void WallSteering::compare(int64_t wall_us, int64_t steady_us) {
  const int64_t ours = at(steady_us).us;
  base_us_ = std::max(ours, wall_us);
  base_steady_us_ = steady_us;
  behind_us_ = std::max<int64_t>(ours - wall_us, 0);
}

SystemClock::SystemClock() : steering_(read_us(CLOCK_REALTIME), read_us(CLOCK_MONOTONIC)) {}

Instant SystemClock::now() {
  const int64_t steady_us = read_us(CLOCK_MONOTONIC);
  if (steering_.due(steady_us)) steering_.compare(read_us(CLOCK_REALTIME), steady_us);
  return steering_.at(steady_us);
}

}  // namespace rateguard::net

// Where time comes from. The core never reads a clock: an event loop reads one once per wake-up and passes `now` down.
#pragma once

#include <cstdint>

#include "model/instant.h"

namespace rateguard::net {

// Never goes back. An implementation belongs to one thread unless it says otherwise.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() = 0;
};

// Follows two clocks of the system: the monotonic one carries time forward, the wall clock says where it should be.
// Once a second of monotonic time the two are compared:
//   * the wall clock is ahead (a forward step, or the machine slept): the difference is taken at once. That time has
//     really passed for everybody else, and at worst it refills what such a span refills.
//   * the wall clock is behind (a backward step): this clock never jumps back; it runs 1/2048 slow until both agree
//     again. That is the 500 ppm that NTP itself allows a correction (RFC 5905, appendix A.5.5.6), below what a limit
//     can show.
class WallSteering {
 public:
  // REQUIRES: both readings in microseconds; `steady_us` never goes back.
  WallSteering(int64_t wall_us, int64_t steady_us);

  // The time at that monotonic reading. Never less than any earlier answer.
  Instant at(int64_t steady_us) const;
  // Compares with the wall clock where a second has passed since the last comparison.
  bool due(int64_t steady_us) const;
  void compare(int64_t wall_us, int64_t steady_us);

 private:
  int64_t base_us_;         // the time at base_steady_us_
  int64_t base_steady_us_;  // the last comparison
  int64_t behind_us_ = 0;   // how much is still to be lost by running slow
};

// The system's time. One per thread.
class SystemClock final : public Clock {
 public:
  SystemClock();
  Instant now() override;

 private:
  WallSteering steering_;
};

// A clock that stands still until told otherwise: for tests and replays.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = Instant::from_seconds(1'700'000'000)) : now_(start) {}
  Instant now() override { return now_; }
  // REQUIRES: duration >= 0.
  void advance(Duration duration) { now_ = now_ + duration; }

 private:
  Instant now_;
};

}  // namespace rateguard::net

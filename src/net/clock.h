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
  // now() together with the wall clock's reading. By default both are the same clock.
  virtual Now read() { return now(); }
};

// The counters' time. Follows two clocks of the system: the monotonic one carries time forward, the wall clock says
// where it should be. The two are compared once a second of monotonic time, and where the wall clock is found ahead:
//   * the wall clock is ahead (a forward step, or the machine slept): the difference is taken at once. That time has
//   really passed everywhere else, and at worst counters refill for as long.
//   * the wall clock is behind (a backward step): this clock never jumps back; it runs 1/2048 slow until both agree
//     again. That is the 500 ppm that NTP itself allows a correction (RFC 5905, appendix A.5.5.6), below what a limit
//     can show.
class WallSteering {
 public:
  // The whole state.
  struct Base {
    int64_t us = 0;         // the time at steady_us
    int64_t steady_us = 0;  // the last comparison
    int64_t behind_us = 0;  // how much running slow has still to make up
  };
  // REQUIRES: both readings in microseconds.
  WallSteering(int64_t wall_us, int64_t steady_us);
  explicit WallSteering(const Base& base) : base_(base) {}
  const Base& base() const { return base_; }

  // The time at that monotonic reading. Never less than any earlier answer; a reading from before the last comparison
  // counts as that one's.
  Instant at(int64_t steady_us) const;
  // Compares with the wall clock where a second has passed since the last comparison.
  bool due(int64_t steady_us) const;
  void compare(int64_t wall_us, int64_t steady_us);

 private:
  Base base_;
};

// The system's time. All objects of a process share one counters' time, so that no loop is ahead of another whose
// counters it reads. An object may be used by any thread.
class SystemClock final : public Clock {
 public:
  SystemClock();
  Instant now() override { return read(); }
  Now read() override;

 private:
  class Shared;
  Shared& shared_;
};

// A clock that stands still until told otherwise: for tests and replays.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = Instant::from_seconds(1'700'000'000)) : now_(start) {}
  Instant now() override { return now_; }
  Now read() override { return {now_, ahead_}; }
  // Advances both clocks. REQUIRES: duration >= 0.
  void advance(Duration duration) { now_ = now_ + duration; }
  // Sets how far the wall clock is behind the counters' time.
  void set_wall_behind(Duration ahead) { ahead_ = ahead; }

 private:
  Instant now_;
  Duration ahead_;
};

}  // namespace rateguard::net

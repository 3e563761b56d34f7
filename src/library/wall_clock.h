// The time for calls that bring none. Limits count by the wall clock as it was when this was made, carried on by the
// monotonic clock: it never goes back, threads agree without sharing anything, and a step of the wall clock is not
// followed. Dates (windows of the calendar, the times of tokens) go by the wall clock as it is.
#pragma once

#include <chrono>

#include "model/instant.h"

namespace rateguard::api {

class WallClock {
 public:
  // Any thread.
  Instant now() const {
    return start_ + ::rateguard::Duration::micros(micros(std::chrono::steady_clock::now() - steady_start_));
  }
  // The same with what the wall clock says, which costs another reading.
  Now read() const {
    const Instant counted = now();
    return {counted, counted - Instant{micros(std::chrono::system_clock::now().time_since_epoch())}};
  }

 private:
  template <typename T>
  static int64_t micros(T duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  }

  Instant start_{micros(std::chrono::system_clock::now().time_since_epoch())};
  std::chrono::steady_clock::time_point steady_start_ = std::chrono::steady_clock::now();
};

}  // namespace rateguard::api

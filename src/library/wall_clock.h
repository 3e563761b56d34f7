// The time for calls without one. Limits count by the wall clock at construction, carried on by the monotonic clock: it
// never goes back, threads agree without sharing anything, and steps of the wall clock are not followed. Dates
// (calendar windows, the times of tokens) follow the current wall clock.
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
  // The same together with the wall clock, which costs another reading.
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

// How long one connection may keep the others of its loop waiting.
#pragma once

#include <chrono>
#include <utility>

#include "net/connection_host.h"

namespace rateguard::net {

// Of one turn: from when a connection begins to answer what has arrived until others are heard again. Measured in time,
// for requests differ in cost by a factor of a thousand.
class TurnBudget {
 public:
  // As long as 50 to 100 ordinary requests take: what is lost by going round the loop is little beside it, and 100
  // connections that always have more delay another by 20 ms.
  static constexpr std::chrono::microseconds kTurnTime{200};

  // `now` outlives it.
  explicit TurnBudget(const SteadyNow& now) : now_(now) {}

  // Asked after each request behind which there is another. Time is counted from the first call on: a client that sends
  // one request at a time costs no look at the clock.
  bool used_up() {
    const auto now = now_();
    if (!std::exchange(counting_, true)) began_ = now;
    return now - began_ >= kTurnTime;
  }

 private:
  const SteadyNow& now_;
  bool counting_ = false;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace rateguard::net

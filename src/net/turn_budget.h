// How long connections that always have more may keep the others of their loop waiting.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "net/connection_host.h"

namespace rateguard::net {

// Of one turn of the loop: until others are heard again. All connections of a host that have more than one request
// share it, so that a client waits for one turn of theirs, however many they are; each answers one request in any case.
// Measured in time, for requests differ in cost by a factor of a thousand.
class TurnBudget {
 public:
  // As long as 20 to 40 ordinary requests take: less than one of them takes over the wire, and what is lost by going
  // round the loop is little beside it.
  static constexpr std::chrono::microseconds kTurnTime{50};

  explicit TurnBudget(ConnectionHost& host) : TurnBudget(host.steady_now(), host.turn_time_used()) {}
  // `used` is what others have used of this turn, to which this adds. Both outlive it.
  TurnBudget(const SteadyNow& now, std::chrono::nanoseconds& used) : now_(now), used_(used) {}
  TurnBudget(const TurnBudget&) = delete;
  TurnBudget& operator=(const TurnBudget&) = delete;
  ~TurnBudget() {
    if (counting_) used_ = std::max<std::chrono::nanoseconds>(used_, last_ - began_);
  }

  // Asked after each request behind which there is another. Time is counted from the first call on: a client that sends
  // one request at a time costs no look at the clock.
  bool used_up() {
    last_ = now_();
    if (!std::exchange(counting_, true)) began_ = last_ - used_;
    return last_ - began_ >= kTurnTime;
  }

 private:
  const SteadyNow& now_;
  std::chrono::nanoseconds& used_;
  bool counting_ = false;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace rateguard::net

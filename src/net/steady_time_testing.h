// For tests: the clock of a server's timeouts, which advances only when the test says so. However busy the machine is,
// nothing times out early.
#pragma once

#include <atomic>
#include <chrono>

#include "model/instant.h"
#include "net/connection_host.h"

namespace rateguard::net {

// May be used by any thread. Outlives the server.
class ManualSteadyTime {
 public:
  // The server notices within a tick of real time: an eighth of its shortest timeout, at most 100 ms.
  void advance(Duration duration) { us_ += duration.us; }
  SteadyNow source() const {
    return [this] { return std::chrono::steady_clock::time_point(std::chrono::microseconds(us_.load())); };
  }

 private:
  std::atomic<int64_t> us_ = 1'000'000;
};

}  // namespace rateguard::net

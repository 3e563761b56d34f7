// Rate-limited log lines about connections that were closed before they could send a request.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "log/log.h"
#include "net/connection_host.h"

namespace rateguard::app {

// Thread-safe. At most one line each 10 s for each reason and listener; it gives the number of connections since the
// last line.
class TurnedAwayLog {
 public:
  explicit TurnedAwayLog(Log& log) : log_(log) {}

  // For the options of a listener, by its name: "http". Before the loops run.
  std::function<void(net::TurnedAway, const IpAddress&, std::string_view)> of(std::string_view listener);

 private:
  struct Kind {
    std::optional<std::chrono::steady_clock::time_point> last_line = {};
    int64_t untold = 0;
  };

  void tell(std::string_view listener, size_t index, net::TurnedAway what, const IpAddress& peer, std::string_view why);

  Log& log_;
  Mutex mutex_;
  std::vector<std::array<Kind, 3>> kinds_ RG_GUARDED_BY(mutex_) = {};  // by listener and reason
};

}  // namespace rateguard::app

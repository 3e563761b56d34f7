// The health of a store that several event loops ask, for the log and GET /ready.
//
// The log has a line for each change: when it is first reached, when it fails, when it fails for another reason, and
// when it works again. Each line is for all loops, and only for changes that last, so that an unstable store does not
// fill the log. Requests that were decided without the store while it works are reported together, from time to time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "log/log.h"
#include "model/instant.h"

namespace rateguard::server {

// How one loop sees the store.
struct StoreSight {
  bool works = true;         // connected, and asked
  std::string problem = {};  // the last problem, in words; empty: none yet
  uint64_t degraded = 0;     // requests decided without it since the start
};

// Thread-safe.
class StoreHealth {
 public:
  // The store fails when a loop has seen it fail for this long. Reconnecting takes some milliseconds, a breaker stays
  // open for at least 250 ms.
  static constexpr Duration kFailsAfter = Duration::millis(200);
  // The store works again when all loops have seen it work for this long: longer than a breaker stays open between two
  // probes.
  static constexpr Duration kWorksAfter = Duration::seconds(2);
  // The least time between two lines about reasons, and between two lines with the same reason.
  static constexpr Duration kReasonPause = Duration::seconds(1);
  static constexpr Duration kSameReasonPause = Duration::seconds(600);
  // The least time between two lines about requests decided without the store while it works.
  static constexpr Duration kDegradedPause = Duration::seconds(60);

  // `address`: where the store is, without a login. `log` outlives this.
  StoreHealth(std::string name, std::string address, Log& log);
  StoreHealth(const StoreHealth&) = delete;
  StoreHealth& operator=(const StoreHealth&) = delete;

  // Adds a loop and returns its number.
  size_t add_loop();
  // Called by each loop about every 100 ms. `now` never goes back by more than the loops' clocks are apart.
  void see(size_t loop, StoreSight sight, Instant now);
  // Tells it that a line at the start has already reported the failure.
  void note_said_failing(std::string_view problem, Instant now);

  const std::string& address() const { return address_; }
  // The number of loops whose store does not work.
  size_t failing_loops() const;
  // "failing for 75 s: Connection refused"; empty if it works.
  std::string words(Instant now) const;

 private:
  enum class Said : uint8_t { kNothing, kWorks, kFails };
  struct Reason {
    std::string kind;  // the text without the parts that vary
    Instant said_at;
  };

  void look_at_failure(Instant now) RG_REQUIRES(mutex_);
  void look_at_recovery(Instant now) RG_REQUIRES(mutex_);
  void look_at_degraded(Instant now) RG_REQUIRES(mutex_);
  bool is_news(std::string_view problem, Instant now) RG_REQUIRES(mutex_);
  void say_failing(std::string_view message, Instant now) RG_REQUIRES(mutex_);
  size_t failing() const RG_REQUIRES(mutex_);
  const std::string& problem() const RG_REQUIRES(mutex_);
  uint64_t degraded() const RG_REQUIRES(mutex_);

  const std::string name_;
  const std::string address_;
  Log& log_;
  mutable Mutex mutex_;
  std::vector<StoreSight> sights_ RG_GUARDED_BY(mutex_);
  Said said_ RG_GUARDED_BY(mutex_) = Said::kNothing;
  std::optional<Instant> failing_since_ RG_GUARDED_BY(mutex_);
  Instant failed_at_ RG_GUARDED_BY(mutex_);  // since when it fails, by the last line about it
  std::optional<Instant> works_since_ RG_GUARDED_BY(mutex_);
  std::vector<Reason> reasons_ RG_GUARDED_BY(mutex_);  // those logged for this failure
  std::optional<Instant> reason_said_at_ RG_GUARDED_BY(mutex_);
  uint64_t degraded_told_ RG_GUARDED_BY(mutex_) = 0;
  std::optional<Instant> degraded_since_ RG_GUARDED_BY(mutex_);  // the first one not logged yet
  std::optional<Instant> degraded_said_at_ RG_GUARDED_BY(mutex_);
};

}  // namespace rateguard::server

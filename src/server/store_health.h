// How a store that several event loops ask is doing, for people: what the log says of it, and GET /ready.
//
// The log has a line for each change: when it is first reached, when it fails, when it fails for another reason, and
// when it works again. Each is said once for all loops, and only of what lasts, so that a store which comes and goes
// fills no log. Requests that were decided without it while it works are told of together, now and then.
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

// How one loop finds it.
struct StoreSight {
  bool works = true;         // it is connected, and asked
  std::string problem = {};  // what was last wrong, in words; empty: nothing yet
  uint64_t degraded = 0;     // requests decided without it since the start
};

// Thread-safe.
class StoreHealth {
 public:
  // It fails when a loop has found so for this long. A connection that is made again takes some milliseconds, a breaker
  // stays open for 250 ms at least.
  static constexpr Duration kFailsAfter = Duration::millis(200);
  // It works again when all loops have found so for this long: longer than a breaker stays open between two probes.
  static constexpr Duration kWorksAfter = Duration::seconds(2);
  // The least time between two lines about reasons, and between two with the same reason.
  static constexpr Duration kReasonPause = Duration::seconds(1);
  static constexpr Duration kSameReasonPause = Duration::seconds(600);
  // The least time between two lines about requests decided without it while it works.
  static constexpr Duration kDegradedPause = Duration::seconds(60);

  // `address`: where it is, without a login. `log` outlives it.
  StoreHealth(std::string name, std::string address, Log& log);
  StoreHealth(const StoreHealth&) = delete;
  StoreHealth& operator=(const StoreHealth&) = delete;

  // The number by which a loop is known from then on.
  size_t add_loop();
  // From each loop every 100 ms or so. `now` never goes back by more than the loops' clocks are apart.
  void see(size_t loop, StoreSight sight, Instant now);
  // Somebody has said at the start that it is not reached.
  void note_said_failing(std::string_view problem, Instant now);

  const std::string& address() const { return address_; }
  // Loops that find that it does not work.
  size_t failing_loops() const;
  // "failing for 75 s: Connection refused"; empty: it works.
  std::string words(Instant now) const;

 private:
  enum class Said : uint8_t { kNothing, kWorks, kFails };
  struct Reason {
    std::string kind;  // the text without what differs each time
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
  Instant failed_at_ RG_GUARDED_BY(mutex_);  // since when it fails, by the last line that said so
  std::optional<Instant> works_since_ RG_GUARDED_BY(mutex_);
  std::vector<Reason> reasons_ RG_GUARDED_BY(mutex_);  // said of this failure
  std::optional<Instant> reason_said_at_ RG_GUARDED_BY(mutex_);
  uint64_t degraded_told_ RG_GUARDED_BY(mutex_) = 0;
  std::optional<Instant> degraded_since_ RG_GUARDED_BY(mutex_);  // the first that nobody has been told of
  std::optional<Instant> degraded_said_at_ RG_GUARDED_BY(mutex_);
};

}  // namespace rateguard::server

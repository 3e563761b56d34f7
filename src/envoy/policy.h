// What an event loop decides by: the compiled configuration, and how to answer.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "envoy/rate_limits.h"

namespace rateguard::envoy {

// What a refused request leaves behind in the counter of a fixed window (docs/decisions/0009-envoy-counting.md).
enum class Counting : uint8_t {
  kAdmitted,          // nothing: RateGuard's way
  kAdmittedOnce,      // the same, and nothing in its other counters: STOP_CACHE_KEY_INCREMENT_WHEN_OVERLIMIT
  kEveryRequest,      // its hits, as in envoyproxy/ratelimit
  kEveryRequestOnce,  // its hits in the counters that it overruns, none in the others of the request: the same there
                      // with that variable
};

struct HeaderNames {
  std::string limit = "RateLimit-Limit";
  std::string remaining = "RateLimit-Remaining";
  std::string reset = "RateLimit-Reset";
};

struct Answering {
  Counting counting = Counting::kAdmitted;
  bool shadow_mode = false;                          // overall_code is never OVER_LIMIT
  bool dynamic_metadata = false;                     // Response::dynamic_metadata is filled in
  std::optional<HeaderNames> response_headers = {};  // none: no header fields
};

// Cheap to copy; replaced as a whole by a reload.
struct DescriptorPolicy {
  std::shared_ptr<const RateLimits> limits = {};    // null if nothing is loaded
  std::shared_ptr<const Answering> answering = {};  // null for the defaults
};

}  // namespace rateguard::envoy

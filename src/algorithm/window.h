// Windows of time: half-open, [start, end).
#pragma once

#include "model/instant.h"

namespace rateguard::algorithm {

struct Window {
  Instant start;
  Instant end;
  bool operator==(const Window&) const = default;
};

// The window of `t` among those that follow each other from the Unix epoch. REQUIRES: t.us >= 0, period.us > 0.
constexpr Window epoch_window(Instant t, Duration period) {
  const auto into = static_cast<int64_t>(static_cast<uint64_t>(t.us) % static_cast<uint64_t>(period.us));
  return {.start = t - Duration{into}, .end = t - Duration{into} + period};
}

}  // namespace rateguard::algorithm

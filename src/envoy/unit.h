// The units of Envoy's rate limit service, and how long each lasts.
#pragma once

#include <optional>
#include <string_view>

#include "envoy/rate_limit.h"
#include "model/instant.h"

namespace rateguard::envoy {

// The length of a unit's windows, which begin with the Unix epoch: a week begins on a Thursday, a month is 30 days and
// a year 365, as envoyproxy/ratelimit counts them. Zero for kUnknown and for numbers that are not a unit.
Duration period_of(Unit unit);
// The unit of exactly that length; kUnknown if there is none.
Unit unit_of(Duration period);
// "second", "Minute", "WEEK"; none for any other word, "unknown" included.
std::optional<Unit> parse_unit(std::string_view text);
// "SECOND", as proto3-JSON writes it. "UNKNOWN" if it is not a unit.
std::string_view to_string(Unit unit);

// A period as answers give it: a unit and a count. kUnknown if it is not a whole number of seconds.
struct UnitCount {
  Unit unit = Unit::kUnknown;
  uint32_t multiplier = 1;
};
UnitCount units_of(Duration period);

}  // namespace rateguard::envoy

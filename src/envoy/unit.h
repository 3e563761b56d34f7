// The units of Envoy's rate limit service, and how long each lasts.
#pragma once

#include <optional>
#include <string_view>

#include "envoy/rate_limit.h"
#include "model/instant.h"

namespace rateguard::envoy {

// The length of a unit's windows, which begin with the Unix epoch: a week begins on a Thursday, a month is 30 days and
// a year 365, as envoyproxy/ratelimit counts them. Zero for kUnknown and for numbers that are no unit.
Duration period_of(Unit unit);
// The unit that lasts exactly as long; kUnknown where none does.
Unit unit_of(Duration period);
// "second", "Minute", "WEEK"; nothing for any other word, "unknown" included.
std::optional<Unit> parse_unit(std::string_view text);
// "SECOND", as proto3-JSON writes it. "UNKNOWN" for what is no unit.
std::string_view to_string(Unit unit);

// A period in units as answers tell it: a unit and how often. kUnknown where no whole number of seconds is.
struct UnitCount {
  Unit unit = Unit::kUnknown;
  uint32_t multiplier = 1;
};
UnitCount units_of(Duration period);

}  // namespace rateguard::envoy

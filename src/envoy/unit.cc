#include "envoy/unit.h"

#include <array>

#include "model/ascii.h"

namespace rateguard::envoy {
namespace {

struct Named {
  Unit unit;
  std::string_view name;
  int64_t seconds;
};

constexpr std::array<Named, 7> kUnits = {{{Unit::kSecond, "SECOND", 1},
                                          {Unit::kMinute, "MINUTE", 60},
                                          {Unit::kHour, "HOUR", 3'600},
                                          {Unit::kDay, "DAY", 86'400},
                                          {Unit::kMonth, "MONTH", 30 * 86'400},
                                          {Unit::kYear, "YEAR", 365 * 86'400},
                                          {Unit::kWeek, "WEEK", 7 * 86'400}}};

}  // namespace

Duration period_of(Unit unit) {
  for (const Named& known : kUnits) {
    if (known.unit == unit) return Duration::seconds(known.seconds);
  }
  return {};
}

Unit unit_of(Duration period) {
  for (const Named& known : kUnits) {
    if (Duration::seconds(known.seconds) == period) return known.unit;
  }
  return Unit::kUnknown;
}

std::optional<Unit> parse_unit(std::string_view text) {
  for (const Named& known : kUnits) {
    if (equal_ignoring_case(known.name, text)) return known.unit;
  }
  return std::nullopt;
}

std::string_view to_string(Unit unit) {
  for (const Named& known : kUnits) {
    if (known.unit == unit) return known.name;
  }
  return "UNKNOWN";
}

// Not weeks, which not every Envoy knows, and not months and years, whose lengths vary.
UnitCount units_of(Duration period) {
  if (const Unit named = unit_of(period); named != Unit::kUnknown) return {.unit = named};
  for (const Unit unit : {Unit::kDay, Unit::kHour, Unit::kMinute, Unit::kSecond}) {
    const Duration one = period_of(unit);
    if (period.us >= one.us && period.us % one.us == 0) {
      return {.unit = unit, .multiplier = static_cast<uint32_t>(period.us / one.us)};
    }
  }
  return {};
}

}  // namespace rateguard::envoy

#include "model/limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace rateguard {
namespace {

constexpr std::array<std::pair<std::string_view, Algorithm>, 8> kNames = {{
    {"token_bucket", Algorithm::kTokenBucket},
    {"gcra", Algorithm::kGcra},
    {"leaky_bucket", Algorithm::kLeakyBucket},
    {"fixed_window", Algorithm::kFixedWindow},
    {"sliding_window_log", Algorithm::kSlidingWindowLog},
    {"sliding_window_counter", Algorithm::kSlidingWindowCounter},
    {"concurrency", Algorithm::kConcurrency},
    {"sliding_window", Algorithm::kSlidingWindowLog},  // an alias; last, so that to_string finds the full name
}};

// The algorithm to use if this one cannot take as many units.
std::string instead_of(Algorithm algorithm) {
  if (algorithm == Algorithm::kConcurrency) return "";
  return fmt::format("; {} counts no further, a fixed_window or a token_bucket does", to_string(algorithm));
}

Result<Limit> checked(Limit limit, std::string_view capacity_name, std::string_view period_name) {
  const uint64_t most = capacity_max(limit.algorithm);
  if (limit.capacity == 0 || limit.capacity > most) {
    return invalid(fmt::format("{} must be from 1 to {}, not {}{}", capacity_name, most, limit.capacity,
                               limit.capacity == 0 || limit.capacity > kUnitsMax ? "" : instead_of(limit.algorithm)));
  }
  const Duration period = limit.rate.period;
  if (period < kPeriodMin || period > kPeriodMax) {
    return invalid(fmt::format("{} must be from 1ms to 366d, not {}us", period_name, period.us));
  }
  if (period.us % 1'000 != 0) {
    return invalid(fmt::format("{} must be a whole number of milliseconds, not {}us", period_name, period.us));
  }
  return limit;
}

Result<Limit> checked_bucket(Algorithm algorithm, uint64_t capacity, Rate rate, std::string_view capacity_name) {
  auto limit = checked({.algorithm = algorithm, .capacity = capacity, .rate = rate}, capacity_name, "the period");
  if (!limit) return limit;
  if (rate.units == 0 || rate.units > kRateUnitsMax) {
    return invalid(fmt::format("the rate must be from 1 to {} units per period, not {}", kRateUnitsMax, rate.units));
  }
  const auto fill_us = static_cast<unsigned __int128>(capacity) * static_cast<uint64_t>(rate.period.us) / rate.units;
  if (fill_us > static_cast<uint64_t>(kFillTimeMax.us)) {
    return invalid(fmt::format("{} {} at {} per {}s takes more than 35 years to refill; lower it or raise the rate",
                               capacity_name, capacity, rate.units, static_cast<double>(rate.period.us) / 1e6));
  }
  const auto period_us = static_cast<uint64_t>(rate.period.us);
  const Duration unit = {static_cast<int64_t>(period_us / rate.units)};
  if (algorithm == Algorithm::kTokenBucket && period_us % rate.units == 0 && unit <= kUnitMax &&
      capacity <= UINT32_MAX && rate.units <= UINT32_MAX) {
    limit->unit_us = static_cast<uint32_t>(unit.us);
  }
  return limit;
}

Result<Limit> checked_window(Algorithm algorithm, Anchor anchor, uint64_t limit, Duration period) {
  return checked(
      {.algorithm = algorithm, .anchor = anchor, .capacity = limit, .rate = {.units = limit, .period = period}},
      "limit", "window");
}

}  // namespace

uint64_t capacity_max(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kTokenBucket:
    case Algorithm::kGcra:
    case Algorithm::kLeakyBucket:
    case Algorithm::kFixedWindow:
      return kUnitsMax;
    case Algorithm::kSlidingWindowLog:
    case Algorithm::kSlidingWindowCounter:
    case Algorithm::kConcurrency:
      break;
  }
  return UINT32_MAX;
}

std::string_view to_string(Algorithm algorithm) {
  for (const auto& [name, value] : kNames) {
    if (value == algorithm) return name;
  }
  return "unknown";
}

Result<Algorithm> parse_algorithm(std::string_view name) {
  for (const auto& [known, value] : kNames) {
    if (known == name) return value;
  }
  return invalid(
      fmt::format("unknown algorithm '{}'; expected token_bucket, gcra, leaky_bucket, fixed_window, sliding_window_log "
                  "(or sliding_window), sliding_window_counter or concurrency",
                  name));
}

Result<Limit> Limit::token_bucket(uint64_t capacity, Rate refill) {
  return checked_bucket(Algorithm::kTokenBucket, capacity, refill, "capacity");
}

Result<Limit> Limit::gcra(uint64_t burst, Rate rate) {
  return checked_bucket(Algorithm::kGcra, burst, rate, "burst");
}

Result<Limit> Limit::leaky_bucket(uint64_t queue, Rate drain) {
  return checked_bucket(Algorithm::kLeakyBucket, queue, drain, "queue");
}

Result<Limit> Limit::fixed_window(uint64_t limit, Duration period) {
  return checked_window(Algorithm::kFixedWindow, Anchor::kEpoch, limit, period);
}

Result<Limit> Limit::fixed_window_from_first_request(uint64_t limit, Duration period) {
  return checked_window(Algorithm::kFixedWindow, Anchor::kFirstRequest, limit, period);
}

Result<Limit> Limit::calendar_window(uint64_t limit, Anchor unit, const zoneinfo::TimeZone* zone) {
  // The nominal length, for headers; the real one follows the calendar.
  constexpr int64_t kNominalDays[] = {0, 0, 1, 7, 31, 366};
  if (unit == Anchor::kEpoch || unit == Anchor::kFirstRequest) {
    return invalid("a calendar window is a day, week, month or year");
  }
  auto made = checked_window(Algorithm::kFixedWindow, unit, limit,
                             Duration::seconds(kNominalDays[static_cast<int>(unit)] * 86'400));
  if (made) made->zone = zone;
  return made;
}

Result<Limit> Limit::sliding_window_log(uint64_t limit, Duration period) {
  return checked_window(Algorithm::kSlidingWindowLog, Anchor::kEpoch, limit, period);
}

Result<Limit> Limit::sliding_window_counter(uint64_t limit, Duration period) {
  return checked_window(Algorithm::kSlidingWindowCounter, Anchor::kEpoch, limit, period);
}

Result<Limit> Limit::concurrency(uint64_t limit, Duration hold) {
  return checked({.algorithm = Algorithm::kConcurrency, .capacity = limit, .rate = {.units = limit, .period = hold}},
                 "limit", "hold");
}

uint64_t Limit::units_max() const {
  const bool is_bucket =
      algorithm == Algorithm::kTokenBucket || algorithm == Algorithm::kGcra || algorithm == Algorithm::kLeakyBucket;
  if (!is_bucket) return capacity_max(algorithm);
  const uint64_t most = std::max(capacity, rate.units) > UINT32_MAX ? kUnitsMax : UINT32_MAX;
  const auto fill =
      static_cast<unsigned __int128>(kFillTimeMax.us) * rate.units / static_cast<uint64_t>(rate.period.us);
  return static_cast<uint64_t>(std::min<unsigned __int128>(fill, most));
}

Result<Limit> Limit::with_overdraft() const {
  if (algorithm == Algorithm::kLeakyBucket || algorithm == Algorithm::kConcurrency) {
    return invalid(
        fmt::format("overdraft does not go with {}; it is for token_bucket, gcra, fixed_window, "
                    "sliding_window_log and sliding_window_counter",
                    to_string(algorithm)));
  }
  Limit made = *this;
  made.overdraft = true;
  return made;
}

}  // namespace rateguard

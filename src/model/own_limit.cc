#include "model/own_limit.h"

#include <charconv>
#include <string>

#include "model/quantity.h"

namespace rateguard {
namespace {

constexpr std::string_view kUnlimited = "unlimited";

Result<Limit> bucket_of(const OwnLimit& own, Rate rate, const Limit& rule) {
  const uint64_t size = own.burst > 0 ? own.burst : own.units;
  switch (rule.algorithm) {
    case Algorithm::kGcra:
      return Limit::gcra(size, rate);
    case Algorithm::kLeakyBucket:
      if (own.burst > 0) return invalid("a leaky bucket has no burst");
      return Limit::leaky_bucket(rule.capacity, rate);
    default:
      return Limit::token_bucket(size, rate);
  }
}

Result<Limit> window_of(const OwnLimit& own, Duration period, const Limit& rule) {
  if (own.burst > 0) return invalid(std::string(to_string(rule.algorithm)) + " has no burst");
  switch (rule.algorithm) {
    case Algorithm::kConcurrency:
      if (own.period != Duration{}) return invalid("concurrency has no period; expected a number alone");
      return Limit::concurrency(own.units, period);
    case Algorithm::kSlidingWindowLog:
      return Limit::sliding_window_log(own.units, period);
    case Algorithm::kSlidingWindowCounter:
      return Limit::sliding_window_counter(own.units, period);
    default:
      break;
  }
  if (rule.is_of_calendar()) {
    if (own.period != Duration{}) return invalid("the rule's windows are the calendar's; expected a number alone");
    return Limit::calendar_window(own.units, rule.anchor, rule.zone);
  }
  return rule.anchor == Anchor::kEpoch ? Limit::fixed_window(own.units, period)
                                       : Limit::fixed_window_from_first_request(own.units, period);
}

}  // namespace

Result<OwnLimit> OwnLimit::parse(std::string_view text) {
  if (text == kUnlimited) return OwnLimit{};
  uint64_t units = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), units);
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (units == 0 || units > kUnitsMax) return invalid("expected 1 to 9007199254740991 units, or unlimited");
    return OwnLimit{.units = units};
  }
  const auto limit = parse_limit_text(text);
  if (!limit) return invalid(limit.error().message + "; or a number alone, or unlimited");
  if (limit->rate.units == 0 || limit->burst == uint64_t{0}) {
    return invalid("a limit of 0 admits nobody; suspend the workspace or revoke the key instead");
  }
  return OwnLimit{.units = limit->rate.units, .period = limit->rate.period, .burst = limit->burst.value_or(0)};
}

Result<Limit> OwnLimit::counted_as(const Limit& rule) const {
  const Duration length = period == Duration{} ? rule.rate.period : period;
  const bool is_bucket = rule.algorithm == Algorithm::kTokenBucket || rule.algorithm == Algorithm::kGcra ||
                         rule.algorithm == Algorithm::kLeakyBucket;
  auto limit = is_bucket ? bucket_of(*this, {.units = units, .period = length}, rule) : window_of(*this, length, rule);
  return limit && rule.overdraft ? limit->with_overdraft() : limit;
}

}  // namespace rateguard

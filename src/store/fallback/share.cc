#include "store/fallback/share.h"

#include <algorithm>
#include <numeric>

#include "algorithm/exact.h"
#include "base/check.h"
#include "base/result.h"

namespace rateguard {
namespace {

using algorithm::Wide;

Rate divided(Rate rate, uint32_t instances) {
  // In lowest terms, so that the period grows no more than necessary.
  const uint64_t common = std::gcd(rate.units, uint64_t{instances});
  rate.units /= common;
  const uint64_t times = instances / common;
  const Wide period_us = Wide{static_cast<uint64_t>(rate.period.us)} * times;
  const auto longest_us = static_cast<uint64_t>(kPeriodMax.us);
  if (period_us <= longest_us) return {.units = rate.units, .period = {static_cast<int64_t>(period_us)}};
  const auto units = static_cast<uint64_t>(Wide{rate.units} * longest_us / period_us);
  return {.units = std::max(units, uint64_t{1}), .period = kPeriodMax};
}

// A rate that was rounded down fills a bucket more slowly, and that time is bounded too.
uint64_t fillable(uint64_t capacity, Rate rate) {
  const Wide most = Wide{static_cast<uint64_t>(kFillTimeMax.us)} * rate.units / static_cast<uint64_t>(rate.period.us);
  return static_cast<uint64_t>(std::min(Wide{capacity}, most));
}

}  // namespace

Limit share_of(const Limit& limit, uint32_t instances) {
  if (instances <= 1) return limit;
  const uint64_t capacity = std::max(limit.capacity / instances, uint64_t{1});
  const auto made = [&]() -> Result<Limit> {
    switch (limit.algorithm) {
      case Algorithm::kTokenBucket:
      case Algorithm::kGcra:
      case Algorithm::kLeakyBucket: {
        const Rate rate = divided(limit.rate, instances);
        const uint64_t fits = fillable(capacity, rate);
        if (limit.algorithm == Algorithm::kTokenBucket) return Limit::token_bucket(fits, rate);
        return limit.algorithm == Algorithm::kGcra ? Limit::gcra(fits, rate) : Limit::leaky_bucket(fits, rate);
      }
      case Algorithm::kFixedWindow:
        if (limit.anchor == Anchor::kEpoch) return Limit::fixed_window(capacity, limit.period());
        if (limit.anchor == Anchor::kFirstRequest) {
          return Limit::fixed_window_from_first_request(capacity, limit.period());
        }
        return Limit::calendar_window(capacity, limit.anchor, limit.zone);
      case Algorithm::kSlidingWindowLog:
        return Limit::sliding_window_log(capacity, limit.period());
      case Algorithm::kSlidingWindowCounter:
        return Limit::sliding_window_counter(capacity, limit.period());
      case Algorithm::kConcurrency:
        break;
    }
    return Limit::concurrency(capacity, limit.period());
  }();
  RG_CHECK(made.has_value());  // a share of a limit is within the bounds
  Limit share = *made;
  share.overdraft = limit.overdraft;
  return share;
}

}  // namespace rateguard

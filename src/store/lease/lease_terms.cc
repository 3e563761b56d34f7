#include "store/lease/lease_terms.h"

#include <algorithm>

#include "algorithm/exact.h"
#include "base/check.h"
#include "base/result.h"

namespace rateguard {
namespace {

using algorithm::Wide;

constexpr Duration kLifeMin = Duration::millis(1);

bool is_bucket(const Limit& limit) {
  return limit.algorithm == Algorithm::kTokenBucket || limit.algorithm == Algorithm::kGcra;
}

bool is_window(const Limit& limit) {
  return limit.algorithm == Algorithm::kSlidingWindowCounter ||
         (limit.algorithm == Algorithm::kFixedWindow &&
          (limit.anchor == Anchor::kEpoch || limit.anchor == Anchor::kFirstRequest));
}

// A quarter of the time in which the bucket fills.
Duration quarter_fill(const Limit& limit) {
  const Wide us = Wide{limit.capacity} * static_cast<uint64_t>(limit.rate.period.us) / (Wide{limit.rate.units} * 4);
  return Duration{static_cast<int64_t>(std::min(us, Wide{static_cast<uint64_t>(kFillTimeMax.us)}))};
}

// The units that come back within `span`, rounded up.
Wide refill(const Rate& rate, Duration span) {
  const auto period_us = static_cast<uint64_t>(rate.period.us);
  return (Wide{rate.units} * static_cast<uint64_t>(span.us) + period_us - 1) / period_us;
}

Limit made(const Result<Limit>& limit) {
  RG_CHECK(limit.has_value());  // narrower than a valid limit, within the same bounds
  return *limit;
}

std::optional<LeaseTerms> bucket_terms(const Limit& limit, Duration life_max) {
  const Duration life = std::min(life_max, quarter_fill(limit));
  if (limit.capacity < 4 || life < kLifeMin) return {};
  const auto capacity = static_cast<uint64_t>(limit.capacity - refill(limit.rate, life));
  if (limit.algorithm == Algorithm::kGcra) return LeaseTerms{made(Limit::gcra(capacity, limit.rate)), life};
  return LeaseTerms{made(Limit::token_bucket(capacity, limit.rate)), life};
}

std::optional<LeaseTerms> log_terms(const Limit& limit, Duration life_max) {
  Duration life = std::min(life_max, Duration{limit.period().us / 16});
  life = Duration::millis(life.us / 1'000);  // periods are whole milliseconds
  if (life < kLifeMin || limit.period() + life > kPeriodMax) return {};
  return LeaseTerms{made(Limit::sliding_window_log(limit.capacity, limit.period() + life)), life};
}

}  // namespace

std::optional<LeaseTerms> lease_terms(const Limit& limit, Duration life_max) {
  if (limit.overdraft) return {};
  if (is_bucket(limit)) return bucket_terms(limit, life_max);
  if (limit.algorithm == Algorithm::kSlidingWindowLog) return log_terms(limit, life_max);
  if (!is_window(limit)) return {};
  const Duration life = std::min(life_max, Duration{limit.period().us / 4});
  if (life < kLifeMin) return {};
  return LeaseTerms{limit, life};
}

Duration life_of_units(const LeaseTerms& terms, const Decision& decision) {
  Duration life = terms.life;
  if (terms.charged.algorithm == Algorithm::kFixedWindow) life = std::min(life, decision.reset_after);
  // A counter of two windows is forgotten when the window after the charge's ends.
  if (terms.charged.algorithm == Algorithm::kSlidingWindowCounter) {
    life = std::min(life, decision.reset_after - terms.charged.period());
  }
  return by_slow_clock(std::max(life, Duration{}));
}

bool can_sync(const Limit& limit, Duration interval) {
  if (limit.overdraft) return false;
  if (is_bucket(limit)) return interval <= quarter_fill(limit);
  if (limit.algorithm != Algorithm::kSlidingWindowLog && !is_window(limit)) return false;
  return interval.us <= limit.period().us / 4;
}

}  // namespace rateguard

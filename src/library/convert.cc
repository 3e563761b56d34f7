#include "library/convert.h"

#include <fmt/format.h>

namespace rateguard::api {

Limit LimitAccess::from_core(const core::Limit& limit) {
  Limit made;
  made.algorithm_ = static_cast<uint8_t>(limit.algorithm);
  made.anchor_ = static_cast<uint8_t>(limit.anchor);
  made.overdraft_ = limit.overdraft;
  made.capacity_ = limit.capacity;
  made.rate_units_ = limit.rate.units;
  made.period_us_ = limit.rate.period.us;
  made.zone_ = limit.zone;
  return made;
}

core::Limit LimitAccess::to_core(const Limit& limit) {
  return {.algorithm = algorithm(limit),
          .anchor = static_cast<core::Anchor>(limit.anchor_),
          .overdraft = limit.overdraft_,
          .capacity = limit.capacity_,
          .rate = {.units = limit.rate_units_, .period = core::Duration::micros(limit.period_us_)},
          .zone = static_cast<const zoneinfo::TimeZone*>(limit.zone_)};
}

Charge ChargeAccess::from_core(std::string_view counter, const Limit& limit, const core::ChargeReceipt& receipt) {
  Charge made;
  made.counter_ = counter;
  made.limit_ = limit;
  made.id_ = receipt.id;
  made.units_ = receipt.units;
  made.charged_at_us_ = receipt.charged_at.us;
  made.gives_until_us_ = receipt.gives_until.us;
  made.hold_ = {.bytes = receipt.hold.bytes};
  return made;
}

core::ChargeReceipt ChargeAccess::receipt(const Charge& charge) {
  return {.id = charge.id_,
          .units = charge.units_,
          .charged_at = {charge.charged_at_us_},
          .gives_until = {charge.gives_until_us_},
          .hold = {.bytes = charge.hold_.bytes}};
}

Settlement from_core(const core::Settlement& settlement) {
  const Decision decision = from_core(settlement.decision);
  switch (settlement.result) {
    case core::SettleResult::kSettled:
      return {.settled = Settled::kNow, .decision = decision};
    case core::SettleResult::kSettledAlready:
      return {.settled = Settled::kBefore, .decision = decision};
    case core::SettleResult::kTooLate:
      return {.settled = Settled::kTooLate, .decision = decision};
    case core::SettleResult::kUnavailable:
      break;
  }
  return {.settled = Settled::kNoRoom, .decision = decision};
}

Error from_core(const core::Error& error) {
  using From = core::ErrorCode;
  using To = Error::Code;
  const To code = [&] {
    switch (error.code) {
      case From::kInvalid:
        return To::kInvalid;
      case From::kNotFound:
        return To::kNotFound;
      case From::kIo:
        return To::kIo;
      case From::kCorrupt:
        return To::kCorrupt;
      case From::kUnavailable:
        return To::kUnavailable;
      case From::kExhausted:
        return To::kExhausted;
    }
    return To::kInvalid;
  }();
  return {.code = code, .message = error.to_string()};
}

Decision from_core(const core::Decision& decision) {
  return {.allowed = decision.allowed(),
          .limit = decision.limit,
          .remaining = decision.remaining,
          .retry_after = from_core(decision.retry_after),
          .reset_after = from_core(decision.reset_after),
          .delay = from_core(decision.delay),
          .hold = {.bytes = decision.hold.bytes}};
}

Stats from_core(const core::StoreStats& stats) {
  return {.keys = stats.keys,
          .keys_max = stats.keys_max,
          .expired = stats.expired,
          .evicted = stats.evicted,
          .refused_full = stats.refused_full,
          .memory_bytes = stats.memory_bytes};
}

core::Result<core::Cost> to_core_cost(int64_t units) {
  const auto cost = core::signed_cost(units);
  if (cost) return *cost;
  return core::invalid(fmt::format("a cost is a number from -{0} to {0}, not {1}", core::kUnitsMax, units));
}

core::Result<core::Instant> to_core(TimePoint now) {
  const core::Instant instant{now.time_since_epoch().count()};
  if (instant.us < 0 || instant.us > core::Instant::max().us / 2) {
    return core::invalid(fmt::format("now must be from 1970 to 2041, not {} us after 1970", instant.us));
  }
  return instant;
}

}  // namespace rateguard::api

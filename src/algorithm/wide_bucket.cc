#include "algorithm/wide_bucket.h"

#include <algorithm>
#include <bit>

#include "algorithm/bucket.h"
#include "algorithm/gcra.h"

namespace rateguard::algorithm {
namespace {

// How the figures are spread over a state.
constexpr int kUsedBitsInZ = kUnitsBits - 32;
constexpr int kExponentBits = 6;
constexpr int kFractionBitsInZ = 32 - kUsedBitsInZ;
static_assert(kRateUnitsBits <= 32 + kFractionBitsInZ + (8 - kExponentBits));

constexpr uint64_t low_bits(uint64_t value, int bits) {
  return value & ((uint64_t{1} << bits) - 1);
}

}  // namespace

WideBucket WideBucket::read(const State& state) {
  const uint64_t fraction_in_z = state.z >> kUsedBitsInZ;
  const uint64_t fraction_in_extra = state.extra >> kExponentBits;
  return {.anchor = {static_cast<int64_t>(state.time_us)},
          .fraction = state.x | fraction_in_z << 32 | fraction_in_extra << (32 + kFractionBitsInZ),
          .used = state.y | low_bits(state.z, kUsedBitsInZ) << 32};
}

State WideBucket::write(Algorithm algorithm, Duration lasts) const {
  const auto exponent = static_cast<uint64_t>(std::bit_width(static_cast<uint64_t>(lasts.us) - 1));
  const uint64_t extra = exponent | fraction >> (32 + kFractionBitsInZ) << kExponentBits;
  State state;
  stamp_tag(state, wide_tag(algorithm), anchor, static_cast<uint8_t>(extra));
  state.x = static_cast<uint32_t>(fraction);
  state.y = static_cast<uint32_t>(used);
  state.z = static_cast<uint32_t>(used >> 32 | low_bits(fraction >> 32, kFractionBitsInZ) << kUsedBitsInZ);
  return state;
}

Debt any_bucket_debt(const State& state, const Limit& limit, Instant now) {
  if (state.algorithm == wide_tag(limit.algorithm)) {
    if (now >= expires_at(state)) return {};
    const WideBucket found = WideBucket::read(state);
    return Debt::since(found.anchor, std::min(found.fraction, limit.rate.units - 1), found.used, limit.rate, now);
  }
  if (limit.algorithm != Algorithm::kGcra) return bucket_debt(state, limit, now);
  return is_live(state, Algorithm::kGcra, now) ? gcra_debt(state, limit.rate, now) : Debt{};
}

State wide_state(const Debt& debt, const Limit& limit, uint64_t used, Instant now, Duration reset_after) {
  WideBucket next = {.anchor = now, .used = used};
  if (debt.used != 0) {
    // The anchor is where the last unit came back; before any has, it may lie ahead. In 1/rate.units us:
    const auto units = static_cast<__int128>(limit.rate.units);
    const auto all = static_cast<__int128>(product(debt.used, static_cast<uint64_t>(limit.rate.period.us)));
    const __int128 since_last = all - static_cast<__int128>(debt.time);
    const __int128 back = since_last / units + (since_last % units > 0);  // rounded up
    next.anchor = now - Duration{static_cast<int64_t>(back)};
    next.fraction = static_cast<uint64_t>(back * units - since_last);
  }
  return next.write(limit.algorithm, now + reset_after - next.anchor);
}

State evaluate_wide(const State& state, const Limit& limit, Cost cost, Instant now, Decision& decision) {
  const Debt debt = any_bucket_debt(state, limit, now);
  step_bucket(debt, limit, cost, now, expires_at(state), decision);
  if (cost.units == 0 || !decision.allowed()) return state;
  if (limit.algorithm == Algorithm::kLeakyBucket && debt.time != 0) {
    decision.delay = divide(debt.time, limit.rate.units).wait();
  }
  return wide_state(debt, limit, debt.used + cost.units, now, decision.reset_after);
}

}  // namespace rateguard::algorithm

#include "store/settlement.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "algorithm/window.h"
#include "base/check.h"
#include "store/counter_key.h"

namespace rateguard {
namespace {

// Clocks of instances that share a counter differ by less than this.
constexpr Duration kClocksApart = Duration::seconds(60);

// The end of an epoch window, which differing clocks shift a little. REQUIRES: they differ by less than half of the
// period.
Instant snapped(Instant end, Duration period) {
  return algorithm::epoch_window(end - Duration{period.us / 2}, period).end;
}

Instant end_of_giving(const Limit& limit, const Decision& decision, Instant charged_at) {
  const Instant unused = charged_at + decision.reset_after;
  switch (limit.algorithm) {
    case Algorithm::kFixedWindow:
      return limit.anchor == Anchor::kEpoch ? snapped(unused, limit.period()) : unused;
    case Algorithm::kSlidingWindowCounter:  // it counts in full in its own window, and in part in the next
      return snapped(unused, limit.period()) - limit.period();
    case Algorithm::kSlidingWindowLog:
      return unused;
    case Algorithm::kTokenBucket:
    case Algorithm::kGcra:
    case Algorithm::kLeakyBucket:
    case Algorithm::kConcurrency:
      break;
  }
  return Instant::max();
}

Cost difference(uint64_t charged, uint64_t actual) {
  if (actual > charged) return {std::min(actual - charged, kUnitsMax), Movement::kTakeWhole};
  return {charged - actual, Movement::kGiveBack};
}

// A limit whose single unit, taken once per charge while it may be settled, records the settlement. The same for all,
// since a window is judged by the limit that asks, not by the one that began it.
const Limit& once() {
  static const Limit limit = Limit::fixed_window_from_first_request(1, kSettledWithin + kClocksApart).value();
  return limit;
}

// Looks, without taking anything.
Decision look(Store& store, Charge charge, Now now) {
  charge.cost = {0};
  charge.mode = Mode::kEnforce;
  store.charge({{&charge, 1}}, now);
  return charge.decision;
}

Settlement release(Store& store, const HoldId& hold, Instant now) {
  switch (store.release(hold, now)) {
    case ReleaseResult::kReleased:
      return {SettleResult::kSettled};
    case ReleaseResult::kUnknown:
      return {SettleResult::kSettledAlready};
    case ReleaseResult::kUnavailable:
      break;
  }
  return {SettleResult::kUnavailable};
}

}  // namespace

std::optional<ChargeReceipt> receipt_of(const Charge& charge, Instant charged_at, const std::array<char, 16>& id) {
  const bool is_taken = (charge.decision.allowed() || charge.cost.movement == Movement::kTakeWhole) &&
                        charge.cost.movement != Movement::kGiveBack;
  // For a debt that was cut it is unknown how much was taken. A synced count reaches the shared counter later, so there
  // might be nothing to give back yet.
  const bool is_there =
      charge.basis == Basis::kCounter && !charge.decision.debt_is_cut && charge.terms.consistency != Consistency::kSync;
  if (!is_taken || !is_there) return std::nullopt;
  return ChargeReceipt{.id = id,
                       .units = charge.cost.units,
                       .charged_at = charged_at,
                       .gives_until = end_of_giving(*charge.limit, charge.decision, charged_at),
                       .hold = charge.decision.hold};
}

Settlement settle(Store& store, const Charge& charge, const ChargeReceipt& receipt, uint64_t actual, Now now) {
  if (charge.limit->algorithm == Algorithm::kConcurrency) return release(store, receipt.hold, now);
  if (now - receipt.charged_at >= kSettledWithin) return {SettleResult::kTooLate};
  std::string marker_key;
  CounterKey::begin_settlement(marker_key, {receipt.id.data(), receipt.id.size()});
  // Exact, and never decided in the store's place: a settlement with an unknown outcome is repeated. The charge's
  // counter comes first: its hash tag says where both are in a cluster.
  const Terms terms = {.hash_tag_from = charge.terms.hash_tag_from, .store = charge.terms.store};
  std::array<Charge, 2> charges = {Charge{.key = charge.key,
                                          .limit = charge.limit,
                                          .cost = difference(receipt.units, actual),
                                          .mode = Mode::kSettle,
                                          .terms = terms,
                                          .gives_until = receipt.gives_until},
                                   Charge{.key = marker_key, .limit = &once(), .cost = {1}, .terms = terms}};
  store.charge({charges}, now);
  const auto& [counter, settled] = charges;
  if (settled.basis != Basis::kCounter) return {SettleResult::kUnavailable};
  Settlement result = {.result = SettleResult::kSettled, .decision = counter.decision};
  if (!settled.decision.allowed()) result = {SettleResult::kSettledAlready, look(store, counter, now)};
  result.decision.verdict = Verdict::kAdmitted;
  result.decision.retry_after = {};
  return result;
}

}  // namespace rateguard

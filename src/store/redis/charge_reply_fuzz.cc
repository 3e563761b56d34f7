// Replies of the charge script: whatever comes is an error that touches no decision, or decisions that do not
// contradict themselves.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "store/redis/charge_call.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard;
  if (size == 0) return 0;
  static const Limit kLimits[] = {Limit::leaky_bucket(5, {1, Duration::seconds(1)}).value(),
                                  Limit::concurrency(5, Duration::seconds(1)).value(),
                                  Limit::fixed_window(5, Duration::seconds(1)).value()};
  // The first byte says what was asked: how many limits, their costs, which of them are shadows.
  const uint8_t asked = data[0];
  std::vector<Charge> charges;
  for (size_t i = 0; i < 1 + asked % 3u; ++i) {
    charges.push_back({.key = "key",
                       .limit = &kLimits[i],
                       .cost = {(asked >> 2) % 8u},
                       .mode = (asked >> (5 + i) & 1) != 0 ? Mode::kShadow : Mode::kEnforce});
  }
  const std::string_view reply(reinterpret_cast<const char*>(data) + 1, size - 1);
  const redis_store::CallOptions options = {.hold_number = 7};
  const auto decoded = decode_charge(reply, {charges}, options, redis_store::KeyLayout());
  bool all_admit = true;
  for (const Charge& charge : charges) all_admit &= charge.decision.allowed() || charge.mode == Mode::kShadow;
  for (const Charge& charge : charges) {
    const Decision& d = charge.decision;
    if (!decoded) {
      RG_CHECK(d == Decision());
      continue;
    }
    RG_CHECK(d.remaining <= d.limit && d.limit == 5);
    RG_CHECK(d.allowed() == (d.retry_after == Duration{}));
    RG_CHECK(d.retry_after.is_never() == (charge.cost.units > 5));
    RG_CHECK(!d.hold.is_set() || (d.allowed() && (all_admit || charge.mode == Mode::kShadow)));
  }
  return 0;
}

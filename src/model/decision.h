// The answer of one limit to one request. A refusal is a value like any other.
#pragma once

#include <array>
#include <cstdint>

#include "model/instant.h"

namespace rateguard {

enum class Verdict : uint8_t { kAdmitted, kRefused };

// Names one hold of a concurrency limit: the counter's fingerprint (12 bytes), then the hold's own number (8 bytes).
// Both come from a keyed hash, so holding one id says nothing about another.
struct HoldId {
  std::array<uint8_t, 20> bytes = {};

  bool is_set() const { return *this != HoldId{}; }
  auto operator<=>(const HoldId&) const = default;
};

struct Decision {
  Verdict verdict = Verdict::kAdmitted;
  bool debt_is_cut = false;  // a cost taken in full was more than a counter can owe, and only a part of it was kept
  uint64_t limit = 0;        // the capacity or limit
  uint64_t remaining = 0;    // what a request at this instant could still take, after this one
  // Zero when admitted. When refused, a caller that waits exactly this long is admitted if no other request comes;
  // never zero; Duration::never() if the cost is above the limit. For a cost taken in full, or one that asks: until
  // something is left.
  Duration retry_after = {};
  // Until the counter equals one never used, if no request comes.
  Duration reset_after = {};
  // Leaky bucket, admitted: how long the request waits for its turn. Otherwise zero.
  Duration delay = {};
  // Concurrency, admitted at a cost above 0: the hold to release. Otherwise unset.
  HoldId hold = {};

  bool allowed() const { return verdict == Verdict::kAdmitted; }
  bool operator==(const Decision&) const = default;
};

}  // namespace rateguard

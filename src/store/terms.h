// How a limit is charged, apart from its figures.
#pragma once

#include <cstdint>

namespace rateguard {

// What happens to a request whose limit cannot be asked, because its store is slow, wrong or gone: it passes, is
// refused as undecided, or is decided here by an equal share of the limit.
enum class OnStoreFailure : uint8_t { kAllow, kDeny, kLocal };

// How a limit that several instances share is kept: each check asks the shared counter; an instance takes units of it
// ahead and admits from those; or each decides by its own count, which is reconciled with the others' at intervals.
// Counters of this process alone are always exact.
enum class Consistency : uint8_t { kExact, kLease, kSync };

// In a cluster of stores, all counters that one request charges are on one node, chosen by their hash tag. It is made
// from what their keys have in common: the bytes of each from this offset on. kOneHashTag: they may have nothing in
// common, and all such counters are on one node.
using KeyOffset = uint16_t;
inline constexpr KeyOffset kOneHashTag = UINT16_MAX;

// Which of several stores has a counter (store/split); 0 is the default one, and the only one if there is one.
using StoreNumber = uint8_t;

// Always the same for the same counter.
struct Terms {
  OnStoreFailure on_failure = OnStoreFailure::kAllow;
  Consistency consistency = Consistency::kExact;
  KeyOffset hash_tag_from = 0;
  StoreNumber store = 0;
  bool operator==(const Terms&) const = default;
};

}  // namespace rateguard

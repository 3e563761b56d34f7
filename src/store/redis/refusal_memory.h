// Refusals that are known to hold for a while, so that nobody need be asked again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/instant.h"
#include "store/store.h"

namespace rateguard::redis_store {

// A refusal of one unit that left nothing remaining holds until that unit comes back: whatever others take meanwhile
// only puts it off. What could bring it forward is forgotten at once where it happens (a reset, units given back,
// another limit), and after kRememberedFor where it happened elsewhere.
//
// Bounded: a place is found by the key's hash, and the later refusal takes it. Keys are compared whole. Not
// thread-safe.
class RefusalMemory {
 public:
  // A reset, an edit or a step of Redis's clock reaches everybody within so long, whatever message was lost.
  static constexpr Duration kRememberedFor = Duration::seconds(1);

  // Some 100 bytes a place, taken as they are used.
  explicit RefusalMemory(size_t places = 16'384) : places_(places) {}

  // `charge` was asked at `asked` and answered at `answered`, by the local clock: keeps it where it is such a refusal.
  // One that was admitted, by a limit that has been edited, or may have been, ends what was known.
  void learn(const Charge& charge, Instant asked, Instant answered);
  // Fills in the decision where it is known. Waits are told from when the answer came, so that they are never too
  // short.
  bool recall(Charge& charge, Instant now) const;
  void forget(std::string_view key);
  void forget_all();

 private:
  struct Place {
    std::string key;  // empty: nothing is kept here
    Limit limit;
    Instant asked;
    Instant known_until;  // from then on somebody has to be asked
    Instant unit_comes;   // as the answer had it, at the latest
    Instant all_is_unused;
  };

  size_t place_of(std::string_view key) const { return std::hash<std::string_view>{}(key) % places_; }

  size_t places_;
  std::vector<Place> kept_;  // empty until the first refusal
};

}  // namespace rateguard::redis_store

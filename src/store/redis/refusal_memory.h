// Refusals that are known to hold for a while, so that Redis need not be asked again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/instant.h"
#include "store/store.h"

namespace rateguard::redis_store {

// A refusal of one unit that left nothing remaining holds until that unit comes back: what others take meanwhile only
// postpones that. Events that could bring it forward (a reset, units given back, another limit) end the memory
// immediately if they happen here, and after kRememberedFor if they happen elsewhere.
//
// Bounded: a place is found by the key's hash, and a later refusal replaces an earlier one. Whole keys are compared.
// Not thread-safe.
class RefusalMemory {
 public:
  // A reset, an edit or a step of Redis's clock takes effect everywhere within this time, even if messages are lost.
  static constexpr Duration kRememberedFor = Duration::seconds(1);

  // About 100 bytes per place, allocated as they are used.
  explicit RefusalMemory(size_t places = 16'384) : places_(places) {}

  // `charge` was asked at `asked` and answered at `answered`, by the local clock: remembers it if it is such a refusal.
  // A charge that was admitted, because the limit has been edited or may have been, ends the memory.
  void learn(const Charge& charge, Instant asked, Instant answered);
  // Fills in the decision if it is known. Waits count from when the answer arrived, so that they are never too
  // short.
  bool recall(Charge& charge, Instant now) const;
  void forget(std::string_view key);
  void forget_all();

 private:
  struct Place {
    std::string key;  // empty: nothing is kept here
    Limit limit;
    Instant asked;
    Instant known_until;  // from then on Redis has to be asked
    Instant unit_comes;   // by the answer, at the latest
    Instant all_is_unused;
  };

  size_t place_of(std::string_view key) const { return std::hash<std::string_view>{}(key) % places_; }

  size_t places_;
  std::vector<Place> kept_;  // empty until the first refusal
};

}  // namespace rateguard::redis_store

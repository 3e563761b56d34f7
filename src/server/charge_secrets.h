// The secrets that sign charges (charge_text.h), one for each store: every instance that shares the store's counters
// has the same one, and no caller does.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "base/mutex.h"
#include "store/terms.h"

namespace rateguard::server {

// Random bytes.
struct ChargeSecret {
  static constexpr size_t kBytes = 16;
  std::array<uint8_t, kBytes> bytes = {};

  // None: `bytes` has another length.
  static std::optional<ChargeSecret> from(std::string_view bytes);
  bool operator==(const ChargeSecret&) const = default;
};

// Any thread.
class ChargeSecrets {
 public:
  void set(StoreNumber store, const ChargeSecret& secret);
  // None: it is not known yet, since the store has not been reached.
  std::optional<ChargeSecret> of(StoreNumber store) const;

 private:
  mutable Mutex mutex_;
  std::map<StoreNumber, ChargeSecret> secrets_ RG_GUARDED_BY(mutex_);
};

}  // namespace rateguard::server

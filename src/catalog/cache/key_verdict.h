// Whether an API key admits a request, and if not, why.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catalog/cache/known_key.h"
#include "model/instant.h"
#include "model/ip_address.h"

namespace rateguard::catalog {

enum class KeyVerdict : uint8_t {
  kValid,
  kMissing,         // none was shown
  kMalformed,       // what was shown can be no key
  kMistyped,        // the checksum in it does not fit
  kUnknown,         // nobody has it
  kRevoked,         // it was
  kExpired,         // it is over
  kSuspended,       // its workspace is
  kWrongNetwork,    // it is not for this address
  kWrongRoute,      // it is not for this route
  kMissingScope,    // it has not all that was asked for
  kCatalogFailure,  // the catalog cannot be asked
};
inline constexpr size_t kKeyVerdicts = 12;

// The code of an answer, which never changes: "valid", "key_unknown", "catalog_unavailable".
std::string_view to_string(KeyVerdict verdict);

// What a request says about itself to the key that it shows.
struct KeyUseAsked {
  Instant wall = {};                              // by the wall clock
  std::optional<IpAddress> address = {};          // of the client; nullopt: unknown
  std::string_view route = {};                    // the name; empty: it has none, which no restricted key admits
  std::span<const std::string_view> scopes = {};  // those that it needs
};

KeyVerdict judge(const KnownKey& key, const KeyUseAsked& asked);

}  // namespace rateguard::catalog

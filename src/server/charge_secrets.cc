#include "server/charge_secrets.h"

#include <algorithm>

namespace rateguard::server {

std::optional<ChargeSecret> ChargeSecret::from(std::string_view bytes) {
  if (bytes.size() != kBytes) return std::nullopt;
  ChargeSecret secret;
  std::ranges::copy(bytes, secret.bytes.begin());
  return secret;
}

void ChargeSecrets::set(StoreNumber store, const ChargeSecret& secret) {
  const HeldLock lock(mutex_);
  secrets_[store] = secret;
}

std::optional<ChargeSecret> ChargeSecrets::of(StoreNumber store) const {
  const HeldLock lock(mutex_);
  const auto found = secrets_.find(store);
  if (found == secrets_.end()) return std::nullopt;
  return found->second;
}

}  // namespace rateguard::server

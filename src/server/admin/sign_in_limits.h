// How often somebody may try to sign in: by our own limiter.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "model/instant.h"
#include "store/memory/memory_store.h"

namespace rateguard::admin {

// All of these count at once, or none if one refuses:
//
// * 20 tries a minute from one address, whomever they are for;
// * 5 a minute for one e-mail address from one address: guessing is slow;
// * 200 an hour for one e-mail address from anywhere: guessing from many addresses is slow too. Whoever uses these up
//   keeps the member from signing in for the rest, which is why there are many; tokens are not touched by it.
//
// Thread-safe.
class SignInLimits {
 public:
  SignInLimits();

  // How long to wait before the next try; nullopt: none, and this one counts. `email` may be empty.
  std::optional<Duration> try_now(std::string_view address, std::string_view email, Now now);

 private:
  const std::unique_ptr<MemoryStore> store_;
};

}  // namespace rateguard::admin

#include <sys/random.h>

#include "store/memory/siphash.h"

namespace rateguard::memory {

Result<HashKey> HashKey::random() {
  HashKey key;
  if (getrandom(key.bytes.data(), key.bytes.size(), 0) != static_cast<ssize_t>(key.bytes.size())) {
    return fail(ErrorCode::kUnavailable, "the operating system gives no random bytes (getrandom)");
  }
  return key;
}

}  // namespace rateguard::memory

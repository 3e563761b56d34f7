// Key files: whatever one holds, it loads or says why not, and no error is left in OpenSSL's queue.
#include <openssl/err.h>

#include "base/check.h"
#include "identify/jwt_keys.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard::identify;
  const auto keys = JwtKeys::parse({reinterpret_cast<const char*>(data), size});
  RG_CHECK(ERR_peek_error() == 0);
  if (!keys) {
    RG_CHECK(!keys.error().message.empty());
    return 0;
  }
  RG_CHECK(keys->size() >= 1 && keys->size() <= JwtKeys::kKeysMax);
  for (const auto algorithm : {JwtAlgorithm::kHs256, JwtAlgorithm::kRs256, JwtAlgorithm::kEs256}) {
    RG_CHECK(!keys->verify(algorithm, std::nullopt, "message", std::string(64, 's')));
  }
  RG_CHECK(ERR_peek_error() == 0);
  return 0;
}

// What strangers present as keys. A slip in a key with the right checksum, which a seed has, must be found.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "catalog/keys/key_text.h"

using namespace rateguard::catalog;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const KeyLook look = look_at_key(text);
  RG_CHECK(look.form != KeyForm::kForeign || (!look.kind && size > 0 && size <= kKeyBytesMax));
  RG_CHECK(equal_in_constant_time(key_sha256(text), key_sha256(text)));
  if (const auto hash = parse_sha256(text)) RG_CHECK(size == 2 * hash->size());
  if (look.form != KeyForm::kWellFormed) return 0;
  // One other character anywhere, and it is no longer one of ours.
  const size_t prefix = secret_prefix(*look.kind).size();
  for (size_t i = prefix; i < text.size(); ++i) {
    std::string slip = text;
    slip[i] = slip[i] == 'a' ? 'b' : 'a';
    RG_CHECK(look_at_key(slip).form == KeyForm::kMistyped);
    slip[i] = '-';
    RG_CHECK(look_at_key(slip).form == KeyForm::kMalformed);
  }
  RG_CHECK(look_at_key(text + "a").form == KeyForm::kMalformed);
  return 0;
}

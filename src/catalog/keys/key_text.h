// The text of API keys and of the program's other secrets: "rg_live_", 32 random bytes in 43 characters of base 62, and
// a checksum in 6, as GitHub's tokens have one
// (https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/): a slip of the
// pen costs no look-up, and scanners for leaked secrets know what they see.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/keys/secret_text.h"
#include "catalog/record_field.h"

namespace rateguard::catalog {

enum class SecretKind : uint8_t {
  kLiveKey,  // an API key: "rg_live_"
  kTestKey,  // an API key for trying things out: "rg_test_"
  kAdminToken,
  kSetupLink,
  kSession,
};

// "rg_live_"
std::string_view secret_prefix(SecretKind kind);

// A new secret, and what a catalog keeps of it.
struct NewSecret {
  SecretText text = {};
  std::string prefix = {};
  std::string last4 = {};
  Sha256 sha256 = {};
};
// Random bytes come from OpenSSL. Any thread. Nothing if OpenSSL has none to give: the system's source has failed.
std::optional<NewSecret> make_secret(SecretKind kind);

// What can be said of a text that somebody presents as a key, before anything is looked up.
enum class KeyForm : uint8_t {
  kWellFormed,  // one of ours, with the right checksum
  kForeign,     // one that could have been imported: 1 to kKeyBytesMax visible characters of ASCII without our prefix
  kMalformed,   // begins like one of ours, and has another length or other characters; or can be no key at all
  kMistyped,    // one of ours but for the checksum
};

// Longer ones than any service's: a JSON Web Token takes about a thousand.
inline constexpr size_t kKeyBytesMax = 4'096;

struct KeyLook {
  KeyForm form = KeyForm::kMalformed;
  std::optional<SecretKind> kind = {};  // kForeign: none; otherwise what its prefix says, if anything
};
// Any bytes.
KeyLook look_at_key(std::string_view text);

// Of a whole key: what the catalog finds it by. Any thread.
Sha256 key_sha256(std::string_view text);
// 64 hexadecimal digits in either case, as keys are imported; nothing if it is another text.
std::optional<Sha256> parse_sha256(std::string_view hex);
// How long it takes does not depend on where they differ.
bool equal_in_constant_time(const Sha256& a, const Sha256& b);

}  // namespace rateguard::catalog

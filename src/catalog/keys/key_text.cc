#include "catalog/keys/key_text.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>

#include "base/check.h"
#include "model/hex.h"

namespace rateguard::catalog {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr uint32_t kBase = 62;
constexpr size_t kRandomBytes = 32;
constexpr size_t kRandomDigits = 43;   // 62^43 > 2^256
constexpr size_t kChecksumDigits = 6;  // 62^6 > 2^32

// In the order of SecretKind.
constexpr std::array<std::string_view, 5> kPrefixes = {"rg_live_", "rg_test_", "rg_admin_", "rg_setup_", "rg_session_"};

// CRC-32 (ISO/IEC 13239) finds every change of up to four neighbouring characters.
uint32_t checksum_of(std::string_view text) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

void append_checksum(std::string& out, uint32_t checksum) {
  std::array<char, kChecksumDigits> digits;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    *digit = kDigits[checksum % kBase];
    checksum /= kBase;
  }
  out.append(digits.data(), digits.size());
}

// The bytes as one big number.
void append_base62(std::string& out, std::array<uint8_t, kRandomBytes>& bytes) {
  const size_t end = out.size() + kRandomDigits;
  out.resize(end);
  for (size_t i = 1; i <= kRandomDigits; ++i) {
    uint32_t remainder = 0;
    for (uint8_t& byte : bytes) {
      const uint32_t value = remainder << 8 | byte;
      byte = static_cast<uint8_t>(value / kBase);
      remainder = value % kBase;
    }
    out[end - i] = kDigits[remainder];
  }
}

bool is_digit62(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_visible(char c) {
  return c > ' ' && c < '\x7f';
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

std::string_view secret_prefix(SecretKind kind) {
  return kPrefixes[static_cast<size_t>(kind)];
}

std::optional<NewSecret> make_secret(SecretKind kind) {
  std::array<uint8_t, kRandomBytes> random;
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return std::nullopt;
  std::string text;
  text.reserve(secret_prefix(kind).size() + kRandomDigits + kChecksumDigits);  // no copy is left behind
  text += secret_prefix(kind);
  append_base62(text, random);  // leaves zeros
  append_checksum(text, checksum_of(text));
  NewSecret secret;
  secret.prefix = secret_prefix(kind);
  secret.last4 = text.substr(text.size() - 4);
  secret.sha256 = key_sha256(text);
  secret.text = SecretText(std::move(text));
  return secret;
}

KeyLook look_at_key(std::string_view text) {
  const auto prefix = std::ranges::find_if(kPrefixes, [&](std::string_view its) { return text.starts_with(its); });
  if (prefix == kPrefixes.end()) {
    const bool could_be = !text.empty() && text.size() <= kKeyBytesMax && std::ranges::all_of(text, is_visible);
    return {.form = could_be ? KeyForm::kForeign : KeyForm::kMalformed};
  }
  const auto kind = static_cast<SecretKind>(prefix - kPrefixes.begin());
  const std::string_view digits = text.substr(prefix->size());
  if (digits.size() != kRandomDigits + kChecksumDigits || !std::ranges::all_of(digits, is_digit62)) {
    return {.form = KeyForm::kMalformed, .kind = kind};
  }
  std::string checksum;
  append_checksum(checksum, checksum_of(text.substr(0, text.size() - kChecksumDigits)));
  return {.form = text.ends_with(checksum) ? KeyForm::kWellFormed : KeyForm::kMistyped, .kind = kind};
}

Sha256 key_sha256(std::string_view text) {
  // Looking the algorithm up costs OpenSSL 3 more than the hash itself.
  static EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Sha256 hash;
  unsigned size = 0;
  RG_CHECK(EVP_DigestInit_ex2(context.get(), kAlgorithm, nullptr) == 1);
  RG_CHECK(EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1);
  RG_CHECK(EVP_DigestFinal_ex(context.get(), hash.data(), &size) == 1 && size == hash.size());
  return hash;
}

std::optional<Sha256> parse_sha256(std::string_view hex) {
  Sha256 hash;
  if (!parse_hex(hex, hash)) return std::nullopt;
  return hash;
}

bool equal_in_constant_time(const Sha256& a, const Sha256& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace rateguard::catalog

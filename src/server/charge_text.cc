#include "server/charge_text.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "model/ascii.h"
#include "model/hex.h"

namespace rateguard::server {
namespace {

// As it is sent, in the byte order of the machine: little-endian everywhere that this runs.
struct Packed {
  std::array<char, 16> id;
  uint64_t units;
  int64_t charged_at_us;
  int64_t gives_until_us;
};
using PackedBytes = std::array<uint8_t, 40>;
static_assert(sizeof(Packed) == sizeof(PackedBytes) && std::endian::native == std::endian::little);

using Signature = std::array<uint8_t, 16>;
static_assert(kChargeTextSize == 2 * (sizeof(Packed) + sizeof(Signature)));

// The purpose begins what is signed: the secret of a memory store also names its holds.
Signature sign(const PackedBytes& packed, std::string_view counter, const ChargeSecret& secret) {
  std::string message = "rateguard charge 1:";
  message.append(reinterpret_cast<const char*>(packed.data()), packed.size());
  message += counter;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  const auto* made =
      HMAC(EVP_sha256(), secret.bytes.data(), static_cast<int>(secret.bytes.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(), &length);
  RG_CHECK(made != nullptr && length >= sizeof(Signature));
  Signature signature;
  std::copy_n(digest.begin(), signature.size(), signature.begin());
  return signature;
}

}  // namespace

bool is_charge_text(std::string_view text) {
  return text.size() == kChargeTextSize && std::ranges::all_of(text, [](char c) { return hex_value(c) >= 0; });
}

void append_charge(std::string& out, const ChargeReceipt& receipt, std::string_view counter,
                   const ChargeSecret& secret) {
  const auto packed = std::bit_cast<PackedBytes>(Packed{.id = receipt.id,
                                                        .units = receipt.units,
                                                        .charged_at_us = receipt.charged_at.us,
                                                        .gives_until_us = receipt.gives_until.us});
  append_hex(out, packed);
  append_hex(out, sign(packed, counter, secret));
}

ChargeText parse_charge(std::string_view text, std::string_view counter, const ChargeSecret& secret,
                        ChargeReceipt& receipt) {
  PackedBytes bytes;
  Signature signature;
  const bool read = text.size() == kChargeTextSize && parse_hex(text.substr(0, 2 * bytes.size()), bytes) &&
                    parse_hex(text.substr(2 * bytes.size()), signature);
  if (!read) return ChargeText::kMalformed;
  const Signature expected = sign(bytes, counter, secret);
  if (CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) != 0) return ChargeText::kNotSigned;
  const auto packed = std::bit_cast<Packed>(bytes);
  receipt = {.id = packed.id,
             .units = packed.units,
             .charged_at = {packed.charged_at_us},
             .gives_until = {packed.gives_until_us}};
  return ChargeText::kRead;
}

}  // namespace rateguard::server

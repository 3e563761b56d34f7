#include "store/redis/key_layout.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "store/redis/script.h"

namespace rateguard::redis_store {
namespace {

constexpr size_t kTagBytes = 2;
// 80 bits: among a billion counters, the probability that any two share one is below one in a million.
constexpr size_t kFingerprintBytes = 10;
constexpr size_t kNumberBytes = 8;
static_assert(kTagBytes + kFingerprintBytes + kNumberBytes == sizeof(HoldId::bytes));

}  // namespace

KeyLayout::KeyLayout(std::string prefix, std::string secret)
    : counter_prefix_(fmt::format("{}:c{}:", prefix, kLayoutVersion)),
      holds_prefix_(fmt::format("{}:h{}:", prefix, kLayoutVersion)),
      probe_prefix_(fmt::format("{}:p{}:", prefix, kLayoutVersion)),
      secret_(std::move(secret)) {}

void KeyLayout::append_counter(std::string& out, std::string_view key, Algorithm algorithm, HashTag tag) const {
  if (algorithm == Algorithm::kConcurrency) {
    out += holds_prefix_;
    append_tag(out, tag);
    append_fingerprint(out, key);
    return;
  }
  out += counter_prefix_;
  append_tag(out, tag);
  out += key;
}

void KeyLayout::append_probe(std::string& out, uint16_t number) const {
  fmt::format_to(std::back_inserter(out), "{}{:04x}", probe_prefix_, number);
}

void KeyLayout::append_counter_of(std::string& out, const HoldId& hold) const {
  const auto high = static_cast<unsigned>(hold.bytes[0]) << 8;
  out += holds_prefix_;
  append_tag(out, {static_cast<uint16_t>(high | hold.bytes[1])});
  out.append(reinterpret_cast<const char*>(hold.bytes.data()) + kTagBytes, kFingerprintBytes);
}

HoldId KeyLayout::hold_id(std::string_view key, HashTag tag, uint64_t number) const {
  std::string fingerprint;
  append_fingerprint(fingerprint, key);
  HoldId id;
  id.bytes[0] = static_cast<uint8_t>(tag.number >> 8);
  id.bytes[1] = static_cast<uint8_t>(tag.number & 0xFF);
  std::memcpy(id.bytes.data() + kTagBytes, fingerprint.data(), kFingerprintBytes);
  std::memcpy(id.bytes.data() + kTagBytes + kFingerprintBytes, &number, kNumberBytes);
  return id;
}

uint64_t KeyLayout::hold_number(const HoldId& hold) {
  uint64_t number;
  std::memcpy(&number, hold.bytes.data() + kTagBytes + kFingerprintBytes, kNumberBytes);
  return number;
}

void KeyLayout::append_tag(std::string& out, HashTag tag) const {
  if (tag.number != 0) fmt::format_to(std::back_inserter(out), "{{{:04x}}}", tag.number);
}

void KeyLayout::append_fingerprint(std::string& out, std::string_view key) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  const auto* made = HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
                          reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data(), &length);
  RG_CHECK(made != nullptr && length >= kFingerprintBytes);
  out.append(reinterpret_cast<const char*>(digest.data()), kFingerprintBytes);
}

}  // namespace rateguard::redis_store

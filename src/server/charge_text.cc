#include "server/charge_text.h"

#include <array>
#include <bit>
#include <cstring>

#include "model/ascii.h"
#include "store/memory/key_hash.h"

namespace rateguard::server {
namespace {

// As it is sent, in the byte order of the machine: little-endian everywhere that this runs.
struct Packed {
  std::array<char, 16> id;
  uint64_t units;
  int64_t charged_at_us;
  int64_t gives_until_us;
  uint32_t counter;
  uint32_t unused;
};
constexpr size_t kPackedBytes = sizeof(Packed) - sizeof(uint32_t);
static_assert(kPackedBytes == 44 && std::endian::native == std::endian::little);

// The same on every instance, so that any may settle. No secret: it catches mistakes.
uint32_t bits_of(std::string_view counter) {
  static const memory::KeyHash hash{memory::HashKey{}};
  return static_cast<uint32_t>(hash(counter).low);
}

}  // namespace

void append_charge(std::string& out, const ChargeReceipt& receipt, std::string_view counter) {
  const Packed packed{.id = receipt.id,
                      .units = receipt.units,
                      .charged_at_us = receipt.charged_at.us,
                      .gives_until_us = receipt.gives_until.us,
                      .counter = bits_of(counter),
                      .unused = 0};
  constexpr char kHex[] = "0123456789abcdef";
  const auto bytes = std::bit_cast<std::array<uint8_t, sizeof(Packed)>>(packed);
  for (size_t i = 0; i < kPackedBytes; ++i) {
    out += kHex[bytes[i] >> 4];
    out += kHex[bytes[i] & 0xF];
  }
}

ChargeText parse_charge(std::string_view text, std::string_view counter, ChargeReceipt& receipt) {
  if (text.size() != 2 * kPackedBytes) return ChargeText::kMalformed;
  std::array<uint8_t, sizeof(Packed)> bytes = {};
  for (size_t i = 0; i < kPackedBytes; ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return ChargeText::kMalformed;
    bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  const auto packed = std::bit_cast<Packed>(bytes);
  if (packed.units > kUnitsMax) return ChargeText::kMalformed;
  if (packed.counter != bits_of(counter)) return ChargeText::kOfAnotherCounter;
  receipt = {.id = packed.id,
             .units = packed.units,
             .charged_at = {packed.charged_at_us},
             .gives_until = {packed.gives_until_us}};
  return ChargeText::kRead;
}

}  // namespace rateguard::server

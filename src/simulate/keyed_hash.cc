#include "simulate/keyed_hash.h"

#include <sys/random.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "store/memory/key_hash.h"

namespace rateguard::simulate {
namespace {

// One lane's secrets. Both factors of every product have one in them: an attacker could match a known factor, and make
// it zero.
struct LaneKey {
  uint64_t a;
  uint64_t b;
};

std::array<LaneKey, 2> random_keys() {
  // If the system has no randomness, the keys are wyhash's constants and so less secret.
  std::array<LaneKey, 2> keys = {{{0xA0761D6478BD642F, 0xE7037ED1A0B428DB}, {0x8EBC6AF09C88C6E3, 0x589965CC75374CC3}}};
  [[maybe_unused]] const ssize_t got = getrandom(keys.data(), sizeof keys, GRND_NONBLOCK);
  for (LaneKey& key : keys) key.a |= 1;  // lengths are told apart by their product with it
  return keys;
}

const std::array<LaneKey, 2> kKeys = random_keys();
// The memory store's hash, used if the processor has instructions for it: it is then the quicker one.
const memory::KeyHash kInstructionsHash(std::bit_cast<memory::HashKey>(kKeys[0]));

uint64_t load64(const char* p) {
  uint64_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

uint64_t fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// The two lanes read the same words, each under keys of its own.
struct Lanes {
  uint64_t low;
  uint64_t high;
};

inline void absorb(Lanes& lanes, uint64_t x, uint64_t y) {
  lanes.low += fold(x ^ kKeys[0].a ^ lanes.low, y ^ kKeys[0].b);
  lanes.high += fold(x ^ kKeys[1].a ^ lanes.high, y ^ kKeys[1].b);
}

// Multiply-and-fold over words of 8 bytes, as in wyhash (github.com/wangyi-fudan/wyhash, public domain).
KeyedHash by_products(std::string_view text) {
  const char* p = text.data();
  size_t left = text.size();
  Lanes lanes{.low = left * kKeys[0].a, .high = left * kKeys[1].a};
  for (; left > 16; p += 16, left -= 16) absorb(lanes, load64(p), load64(p + 8));
  if (left >= 8) {
    absorb(lanes, load64(p), load64(p + left - 8));  // the two may overlap: the length is in the state
  } else if (left >= 4) {
    uint32_t first;
    uint32_t last;
    std::memcpy(&first, p, 4);
    std::memcpy(&last, p + left - 4, 4);
    absorb(lanes, first, last);
  } else if (left > 0) {
    absorb(lanes, static_cast<uint8_t>(p[0]) | uint64_t{static_cast<uint8_t>(p[left / 2])} << 8,
           static_cast<uint8_t>(p[left - 1]));
  }
  return {.low = fold(lanes.low ^ kKeys[0].b, kKeys[0].a), .high = fold(lanes.high ^ kKeys[1].b, kKeys[1].a)};
}

[[gnu::flatten]] RG_TARGET_AES KeyedHash by_instructions(std::string_view text) {
  const memory::Hash128 hash = kInstructionsHash.by_instructions(text);
  return {.low = hash.low, .high = hash.high};
}

}  // namespace

KeyedHash keyed_hash(std::string_view text) {
  return memory::KeyHash::has_instructions() ? by_instructions(text) : by_products(text);
}

}  // namespace rateguard::simulate

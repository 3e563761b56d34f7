// SipHash with a 128-bit result (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, and the authors'
// reference code for the 128-bit variant): a keyed hash whose results say nothing to who does not know the key.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/result.h"

namespace rateguard::memory {

// The secret of one store. With it a caller could aim keys at one group of the table; without it nobody can.
struct HashKey {
  std::array<uint8_t, 16> bytes = {};

  // From the operating system's generator. Errors: kUnavailable.
  static Result<HashKey> random();
  bool operator==(const HashKey&) const = default;
};

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

// `kCompress` rounds for each 8 bytes of input and `kFinish` for each half of the result.
template <int kCompress, int kFinish>
class SipHash {
 public:
  explicit SipHash(const HashKey& key) { set_key(key); }

  void set_key(const HashKey& key) {
    uint64_t k0;
    uint64_t k1;
    std::memcpy(&k0, key.bytes.data(), 8);
    std::memcpy(&k1, key.bytes.data() + 8, 8);
    // The constants are the paper's ("somepseudorandomlygeneratedbytes"); 0xee and, below, 0xdd are the reference
    // code's marks of the 128-bit variant.
    start_ = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ 0xee, k0 ^ 0x6c7967656e657261,
              k1 ^ 0x7465646279746573};
  }

  [[gnu::always_inline]] Hash128 operator()(std::string_view input) const {
    Lanes v = start_;
    const char* at = input.data();
    const char* const whole_end = at + (input.size() & ~size_t{7});
    for (; at != whole_end; at += 8) absorb(v, load64(at));
    absorb(v, (uint64_t{input.size()} << 56) | tail(input));
    v.c ^= 0xee;
#pragma GCC unroll 4
    for (int i = 0; i < kFinish; ++i) round(v);
    const uint64_t low = v.a ^ v.b ^ v.c ^ v.d;
    v.b ^= 0xdd;
#pragma GCC unroll 4
    for (int i = 0; i < kFinish; ++i) round(v);
    return {low, v.a ^ v.b ^ v.c ^ v.d};
  }

 private:
  struct Lanes {
    uint64_t a, b, c, d;
  };

  static uint64_t load64(const char* at) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    return word;
  }

  // The last 0 to 7 bytes, in the low end of a word. Where eight bytes exist they are read at once and shifted: byte by
  // byte costs as much as the hash itself.
  static uint64_t tail(std::string_view input) {
    const size_t left = input.size() & 7;
    if (left == 0) return 0;
    if (input.size() >= 8) return load64(input.data() + input.size() - 8) >> (8 * (8 - left));
    uint64_t word = 0;
    for (size_t i = 0; i < left; ++i) word |= uint64_t{static_cast<uint8_t>(input[i])} << (8 * i);
    return word;
  }

  [[gnu::always_inline]] static void round(Lanes& v) {
    v.a += v.b;
    v.c += v.d;
    v.b = std::rotl(v.b, 13) ^ v.a;
    v.d = std::rotl(v.d, 16) ^ v.c;
    v.a = std::rotl(v.a, 32);
    v.c += v.b;
    v.a += v.d;
    v.b = std::rotl(v.b, 17) ^ v.c;
    v.d = std::rotl(v.d, 21) ^ v.a;
    v.c = std::rotl(v.c, 32);
  }

  static void absorb(Lanes& v, uint64_t word) {
    v.d ^= word;
    for (int i = 0; i < kCompress; ++i) round(v);
    v.a ^= word;
  }

  Lanes start_ = {};
};

// The store's hash: one and three rounds are what Rust's and Python's hash tables use against the same attack.
using KeyHash = SipHash<1, 3>;

}  // namespace rateguard::memory

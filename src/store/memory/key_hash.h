// The hash that names a counter: keyed, 128 bits, and quick for the 10 to 60 bytes that keys have.
//
// Made of AES rounds after Marvin (Simplicio et al., "The Marvin message authentication code and the LetterSoup
// authenticated encryption scheme", 2009): every block of 16 bytes, masked by a secret for its position, goes through
// its own four rounds, all blocks in parallel; their sum and the length go through four more. No difference passes four
// rounds with a probability above 2^-110. Unlike in Marvin, the round keys are secret too, the sum of each 64 bytes is
// carried over to the next through four rounds, and there are only four last rounds, since outsiders see no more of a
// result than the 12 bytes in a hold id.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__x86_64__)
#include <wmmintrin.h>
#endif

#include "base/result.h"

namespace rateguard::memory {

// The secret of one store. A caller who knew it could choose keys that all fall into one group of the table.
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

// In AES's order (FIPS 197): byte 4 * c + r is row r of column c.
struct alignas(16) AesBlock {
  std::array<uint8_t, 16> bytes = {};
  bool operator==(const AesBlock&) const = default;
};

// One round of AES: SubBytes, ShiftRows, MixColumns, AddRoundKey (FIPS 197, section 5.1).
AesBlock aes_round(const AesBlock& state, const AesBlock& round_key);
// The key schedule of AES-128 (FIPS 197, section 5.2).
std::array<AesBlock, 11> aes_round_keys(const HashKey& key);

// The same results on every machine, from the processor's AES instructions if it has them. Any thread.
class KeyHash {
 public:
  explicit KeyHash(const HashKey& key) { set_key(key); }

  void set_key(const HashKey& key);

  Hash128 operator()(std::string_view input) const;

  // The two ways. by_instructions() REQUIRES has_instructions().
  Hash128 by_tables(std::string_view input) const;
  Hash128 by_instructions(std::string_view input) const;
  static bool has_instructions() { return kHasInstructions; }

 private:
  static constexpr size_t kBlock = sizeof(AesBlock);
  static constexpr size_t kRounds = 4;
  static constexpr size_t kPlaces = 4;  // blocks in parallel
  static const bool kHasInstructions;

  // The parts of round_keys_: the masks of the positions, the rounds of each block, and the last rounds.
  static constexpr size_t kMasks = 0;
  static constexpr size_t kBlockKeys = kMasks + kPlaces;
  static constexpr size_t kLastKeys = kBlockKeys + kRounds;

  // From two schedules of AES-128: one does not have enough keys.
  std::array<AesBlock, kLastKeys + kRounds> round_keys_ = {};
};

// For functions that use the instructions: a call is inlined into them only if the callee has this attribute too.
#if defined(__x86_64__)
#define RG_TARGET_AES [[gnu::target("aes")]]
#else
#define RG_TARGET_AES
#endif

#if defined(__x86_64__)

// Up to 15 bytes, zeros after them, without a loop.
inline __m128i load_short(const char* at, size_t bytes) {
  uint64_t low = 0;
  uint64_t high = 0;
  if (bytes >= 8) {
    std::memcpy(&low, at, 8);
    std::memcpy(&high, at + bytes - 8, 8);
    // Those of the last eight bytes that are not in `low`; a shift by all 64 bits would be undefined.
    high = bytes == 8 ? 0 : high >> (8 * (16 - bytes));
  } else if (bytes >= 4) {
    uint32_t first;
    uint32_t last;
    std::memcpy(&first, at, 4);
    std::memcpy(&last, at + bytes - 4, 4);
    low = first | uint64_t{last} << (8 * (bytes - 4));
  } else {
    for (size_t i = 0; i < bytes; ++i) low |= uint64_t{static_cast<uint8_t>(at[i])} << (8 * i);
  }
  return _mm_set_epi64x(static_cast<int64_t>(high), static_cast<int64_t>(low));
}

RG_TARGET_AES inline __m128i four_rounds(__m128i state, const __m128i* keys) {
  state = _mm_aesenc_si128(state, keys[0]);
  state = _mm_aesenc_si128(state, keys[1]);
  state = _mm_aesenc_si128(state, keys[2]);
  return _mm_aesenc_si128(state, keys[3]);
}

RG_TARGET_AES inline Hash128 KeyHash::by_instructions(std::string_view input) const {
  const auto* const keys = reinterpret_cast<const __m128i*>(round_keys_.data());
  const char* at = input.data();
  const size_t size = input.size();
  const auto* place = keys + kMasks;
  __m128i sum = _mm_cvtsi64_si128(static_cast<int64_t>(size));
  __m128i last;
  if (size >= kBlock) [[likely]] {
    const char* const last_at = at + size - kBlock;
    for (; at < last_at; at += kBlock) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      sum = _mm_xor_si128(sum, four_rounds(_mm_xor_si128(block, *place), keys + kBlockKeys));
      if (++place == keys + kMasks + kPlaces) [[unlikely]] {
        place = keys + kMasks;
        sum = four_rounds(sum, keys + kBlockKeys);
      }
    }
    last = _mm_loadu_si128(reinterpret_cast<const __m128i*>(last_at));
  } else {
    last = load_short(at, size);
  }
  sum = _mm_xor_si128(sum, four_rounds(_mm_xor_si128(last, *place), keys + kBlockKeys));
  sum = four_rounds(sum, keys + kLastKeys);
  return {static_cast<uint64_t>(_mm_cvtsi128_si64(sum)),
          static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sum, sum)))};
}

#else

inline Hash128 KeyHash::by_instructions(std::string_view input) const {
  return by_tables(input);
}

#endif

}  // namespace rateguard::memory

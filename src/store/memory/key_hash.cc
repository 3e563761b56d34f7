#include "store/memory/key_hash.h"

#include <sys/random.h>

#include <bit>
#include <cstring>

namespace rateguard::memory {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

namespace {

// Multiplication by x in AES's field (FIPS 197, section 4.2.1).
constexpr uint8_t times_x(uint8_t value) {
  return static_cast<uint8_t>((value << 1) ^ ((value >> 7) * 0x1B));
}

// FIPS 197, section 5.1.1: the inverse in the field, by the powers of the generator x + 1, then an affine map.
constexpr std::array<uint8_t, 256> make_s_box() {
  std::array<uint8_t, 256> power = {};
  std::array<uint8_t, 256> logarithm = {};
  uint8_t value = 1;
  for (int i = 0; i < 255; ++i) {
    power[static_cast<size_t>(i)] = value;
    logarithm[value] = static_cast<uint8_t>(i);
    value = static_cast<uint8_t>(value ^ times_x(value));
  }
  std::array<uint8_t, 256> box = {};
  for (size_t i = 0; i < 256; ++i) {
    const uint8_t inverse = i == 0 ? uint8_t{0} : power[static_cast<size_t>(255 - logarithm[i]) % 255];
    uint8_t mixed = 0x63;
    for (int turn = 0; turn < 5; ++turn) mixed = static_cast<uint8_t>(mixed ^ std::rotl(inverse, turn));
    box[i] = mixed;
  }
  return box;
}

constexpr std::array<uint8_t, 256> kSBox = make_s_box();

AesBlock xor_of(const AesBlock& a, const AesBlock& b) {
  AesBlock result;
  for (size_t i = 0; i < result.bytes.size(); ++i) result.bytes[i] = a.bytes[i] ^ b.bytes[i];
  return result;
}

AesBlock load(const char* at, size_t bytes) {
  AesBlock block;
  std::memcpy(block.bytes.data(), at, bytes);
  return block;
}

AesBlock length_block(size_t length) {
  AesBlock block;
  const uint64_t bytes = length;
  std::memcpy(block.bytes.data(), &bytes, sizeof bytes);
  return block;
}

bool processor_has_aes() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("sse2");
#else
  return false;
#endif
}

}  // namespace

// No static initialiser of another file computes a hash before this is set.
const bool KeyHash::kHasInstructions = processor_has_aes();

Result<HashKey> HashKey::random() {
  HashKey key;
  if (getrandom(key.bytes.data(), key.bytes.size(), 0) != static_cast<ssize_t>(key.bytes.size())) {
    return fail(ErrorCode::kUnavailable, "the operating system gives no random bytes (getrandom)");
  }
  return key;
}

AesBlock aes_round(const AesBlock& state, const AesBlock& round_key) {
  AesBlock result;
  for (size_t column = 0; column < 4; ++column) {
    uint8_t in[4];
    for (size_t row = 0; row < 4; ++row) in[row] = kSBox[state.bytes[4 * ((column + row) % 4) + row]];
    const auto all = static_cast<uint8_t>(in[0] ^ in[1] ^ in[2] ^ in[3]);
    for (size_t row = 0; row < 4; ++row) {
      const auto pair = static_cast<uint8_t>(in[row] ^ in[(row + 1) % 4]);
      result.bytes[4 * column + row] = static_cast<uint8_t>(in[row] ^ all ^ times_x(pair));
    }
  }
  return xor_of(result, round_key);
}

std::array<AesBlock, 11> aes_round_keys(const HashKey& key) {
  std::array<AesBlock, 11> keys;
  keys[0].bytes = key.bytes;
  uint8_t constant = 1;
  for (size_t round = 1; round < keys.size(); ++round) {
    const auto& before = keys[round - 1].bytes;
    auto& made = keys[round].bytes;
    for (size_t row = 0; row < 4; ++row) made[row] = before[row] ^ kSBox[before[12 + (row + 1) % 4]];
    made[0] ^= constant;
    constant = times_x(constant);
    for (size_t i = 4; i < made.size(); ++i) made[i] = before[i] ^ made[i - 4];
  }
  return keys;
}

void KeyHash::set_key(const HashKey& key) {
  const auto first = aes_round_keys(key);
  // The second schedule starts from a key derived from the first schedule but not part of it: its last round key sent
  // through a round.
  HashKey next;
  next.bytes = aes_round(first.back(), first.front()).bytes;
  const auto second = aes_round_keys(next);
  for (size_t i = 0; i < round_keys_.size(); ++i) {
    round_keys_[i] = i < kLastKeys ? first[i + 1] : second[i - kLastKeys + 1];
  }
}

Hash128 KeyHash::by_tables(std::string_view input) const {
  const auto four_rounds = [&](AesBlock state, size_t first_key) {
    for (size_t i = 0; i < kRounds; ++i) state = aes_round(state, round_keys_[first_key + i]);
    return state;
  };
  AesBlock sum = length_block(input.size());
  size_t place = 0;
  const auto add = [&](const AesBlock& block) {
    sum = xor_of(sum, four_rounds(xor_of(block, round_keys_[kMasks + place]), kBlockKeys));
  };
  size_t at = 0;
  for (; at + kBlock < input.size(); at += kBlock) {
    add(load(input.data() + at, kBlock));
    if (++place == kPlaces) {
      place = 0;
      sum = four_rounds(sum, kBlockKeys);
    }
  }
  // The last block of a longer input reaches back into the one before: the length tells which bytes are in both.
  if (input.size() >= kBlock) at = input.size() - kBlock;
  add(load(input.data() + at, input.size() - at));
  sum = four_rounds(sum, kLastKeys);
  Hash128 hash;
  std::memcpy(&hash.low, sum.bytes.data(), 8);
  std::memcpy(&hash.high, sum.bytes.data() + 8, 8);
  return hash;
}

Hash128 KeyHash::operator()(std::string_view input) const {
  return has_instructions() ? by_instructions(input) : by_tables(input);
}

}  // namespace rateguard::memory

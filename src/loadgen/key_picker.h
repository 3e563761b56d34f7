// Chooses the key that each question asks about.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace rateguard::loadgen {

// Small, fast and the same on every platform: splitmix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  // Evenly in [0, below), by multiplication (Lemire 2019, without its rejection: the bias is below 2^-32 for the
  // numbers of keys that are used). REQUIRES: below > 0.
  uint64_t below(uint64_t below);
  // Evenly in [0, 1).
  double fraction();

 private:
  uint64_t state_;
};

struct KeySpec {
  enum class Kind : uint8_t {
    kUnique,   // a new key for every question
    kUniform,  // each of `keys` equally often
    kZipf,     // the k-th most popular of `keys` in proportion to 1 / k^exponent
    kHot,      // one key for all
  };
  Kind kind = Kind::kUniform;
  uint64_t keys = 100'000;
  double exponent = 1;

  // "unique", "hot", "uniform:100000", "zipf:1.1:100000". Errors: kInvalid, with what was expected.
  static Result<KeySpec> parse(std::string_view text);
};

// Numbers from 1 to the number of keys. One per worker: `lane` of `lanes`, so that unique keys are unique across all
// workers.
class KeyPicker {
 public:
  KeyPicker(const KeySpec& spec, uint64_t seed, uint64_t lane, uint64_t lanes);
  uint64_t next();

 private:
  uint64_t zipf();
  double zipf_integral(double x) const;
  double zipf_integral_inverse(double x) const;

  KeySpec spec_;
  Random random_;
  uint64_t next_unique_;
  uint64_t lanes_;
  // Rejection-inversion's constants.
  double integral_first_ = 0;
  double integral_last_ = 0;
  double shortcut_ = 0;
};

}  // namespace rateguard::loadgen

#include "loadgen/key_picker.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace rateguard::loadgen {
namespace {

constexpr uint64_t kKeysMax = 1'000'000'000'000;  // doubles count them exactly, with room
constexpr double kExponentMax = 10;               // above it one key gets all but a thousandth

template <typename T>
bool read(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// log(1 + x) / x and (exp(x) - 1) / x, exact also if x is so near 0 that the quotients would lose digits.
double log1p_ratio(double x) {
  return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x * (0.5 - x * (1.0 / 3 - 0.25 * x));
}
double expm1_ratio(double x) {
  return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x * 0.5 * (1 + x / 3 * (1 + 0.25 * x));
}

}  // namespace

uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

uint64_t Random::below(uint64_t below) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(next()) * below >> 64);
}

double Random::fraction() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

Result<KeySpec> KeySpec::parse(std::string_view text) {
  const auto wrong = [&] {
    return invalid("keys are \"unique\", \"hot\", \"uniform:N\" or \"zipf:S:N\", such as zipf:1.1:100000; not \"" +
                   std::string(text) + "\"");
  };
  KeySpec spec;
  const size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  std::string_view rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (kind == "unique" || kind == "hot") {
    if (colon != std::string_view::npos) return wrong();
    spec.kind = kind == "hot" ? Kind::kHot : Kind::kUnique;
    return spec;
  }
  if (kind == "uniform") {
    spec.kind = Kind::kUniform;
  } else if (kind == "zipf") {
    spec.kind = Kind::kZipf;
    const size_t second = rest.find(':');
    if (second == std::string_view::npos || !read(rest.substr(0, second), spec.exponent)) return wrong();
    if (!(spec.exponent > 0 && spec.exponent <= kExponentMax)) return invalid("Zipf's exponent is above 0, at most 10");
    rest.remove_prefix(second + 1);
  } else {
    return wrong();
  }
  if (!read(rest, spec.keys)) return wrong();
  if (spec.keys < 1 || spec.keys > kKeysMax) return invalid("there are 1 to 1000000000000 keys");
  return spec;
}

KeyPicker::KeyPicker(const KeySpec& spec, uint64_t seed, uint64_t lane, uint64_t lanes)
    : spec_(spec), random_(seed + lane), next_unique_(lane + 1), lanes_(lanes) {
  if (spec_.kind != KeySpec::Kind::kZipf) return;
  integral_first_ = zipf_integral(1.5) - 1;
  integral_last_ = zipf_integral(static_cast<double>(spec_.keys) + 0.5);
  shortcut_ = 2 - zipf_integral_inverse(zipf_integral(2.5) - std::pow(2, -spec_.exponent));
}

uint64_t KeyPicker::next() {
  switch (spec_.kind) {
    case KeySpec::Kind::kUnique: {
      const uint64_t key = next_unique_;
      next_unique_ += lanes_;
      return key;
    }
    case KeySpec::Kind::kUniform:
      return 1 + random_.below(spec_.keys);
    case KeySpec::Kind::kZipf:
      return zipf();
    case KeySpec::Kind::kHot:
      break;
  }
  return 1;
}

// The integral of x^-s from 1 to x, and its inverse.
double KeyPicker::zipf_integral(double x) const {
  const double log = std::log(x);
  return expm1_ratio((1 - spec_.exponent) * log) * log;
}
double KeyPicker::zipf_integral_inverse(double x) const {
  const double t = std::max(x * (1 - spec_.exponent), -1.0);
  return std::exp(log1p_ratio(t) * x);
}

// Rejection-inversion (Hörmann and Derflinger 1996): exact for every exponent, in constant time for any number of
// keys; fewer than 1.2 draws per key.
uint64_t KeyPicker::zipf() {
  const auto keys = static_cast<double>(spec_.keys);
  for (;;) {
    const double u = integral_last_ + random_.fraction() * (integral_first_ - integral_last_);
    const double x = zipf_integral_inverse(u);
    const double k = std::clamp(std::floor(x + 0.5), 1.0, keys);
    if (k - x <= shortcut_ || u >= zipf_integral(k + 0.5) - std::pow(k, -spec_.exponent)) {
      return static_cast<uint64_t>(k);
    }
  }
}

}  // namespace rateguard::loadgen

#include "usage/dollars.h"

#include <algorithm>
#include <charconv>

#include "usage/token_prices.h"

namespace rateguard::usage {
namespace {

constexpr int kNanoDigits = 9;
// Digits that matter: more than this many are behind the ninth decimal place, or the number is far too large.
constexpr int kDigitsMax = 18;

}  // namespace

std::optional<int64_t> nano_dollars(std::string_view text) {
  const size_t mantissa_end = std::min(text.find_first_of("eE"), text.size());
  int exponent = 0;
  if (mantissa_end != text.size()) {
    std::string_view digits = text.substr(mantissa_end + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    exponent = std::clamp(exponent, -1'000, 1'000);
  }
  int64_t value = 0;
  int scale = exponent + kNanoDigits;  // the power of ten that value still lacks
  int digits = 0;
  bool has_rest = false;  // something is left behind the last digit that counts
  bool after_point = false;
  bool any = false;
  for (const char c : text.substr(0, mantissa_end)) {
    if (c == '.' && !after_point && any) {
      after_point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    any = true;
    if (digits == kDigitsMax) {
      has_rest = has_rest || c != '0';
      if (!after_point) ++scale;
      continue;
    }
    value = value * 10 + (c - '0');
    if (value != 0) ++digits;
    if (after_point) --scale;
  }
  if (!any) return std::nullopt;
  for (; scale < 0 && (value != 0 || has_rest); ++scale) {
    has_rest = has_rest || value % 10 != 0;
    value /= 10;
    if (value == 0) break;
  }
  for (; scale > 0 && value != 0; --scale) {
    if (value > kNanoDollarsMax / 10) return std::nullopt;
    value *= 10;
  }
  value += has_rest ? 1 : 0;
  if (value > kNanoDollarsMax) return std::nullopt;
  return value;
}

}  // namespace rateguard::usage

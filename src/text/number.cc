#include "text/number.h"

#include <charconv>

namespace rateguard {
namespace {

// 10^18 is the largest power of ten whose products with a digit fit 64 bits.
constexpr size_t kDigitsMax = 18;

bool all_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::optional<uint64_t> parse_whole(std::string_view text, WholeRange range) {
  if (text.empty() || !all_digits(text) || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < range.min || value > range.max) return std::nullopt;
  return value;
}

std::optional<Decimal> parse_decimal(std::string_view text) {
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (whole.empty() || !all_digits(whole) || !all_digits(fraction) || (whole.size() > 1 && whole[0] == '0') ||
      (point != std::string_view::npos && fraction.empty()) || whole.size() + fraction.size() > kDigitsMax) {
    return std::nullopt;
  }
  Decimal number;
  for (const char c : whole) number.digits = number.digits * 10 + static_cast<uint64_t>(c - '0');
  for (const char c : fraction) {
    number.digits = number.digits * 10 + static_cast<uint64_t>(c - '0');
    number.divisor *= 10;
  }
  return number;
}

}  // namespace rateguard

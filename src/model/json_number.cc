#include "model/json_number.h"

#include <algorithm>
#include <charconv>

namespace rateguard {
namespace {

constexpr int64_t kExponentMax =
    1'000'000;                         // no number in a body of permitted size goes beyond it; larger ones are clamped
constexpr size_t kPlainBytesMax = 24;  // no amount here has more than 20 digits

size_t digits_at(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// The parts of a number as written; none if it breaks the grammar.
struct Parts {
  bool is_negative = false;
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;
};

std::optional<int64_t> parse_exponent(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || digits_at(text) != text.size()) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value > kExponentMax) value = kExponentMax;
  return is_negative ? -value : value;
}

std::optional<Parts> split(std::string_view text) {
  Parts parts;
  parts.is_negative = text.starts_with('-');
  if (parts.is_negative) text.remove_prefix(1);
  parts.whole = text.substr(0, digits_at(text));
  if (parts.whole.empty() || (parts.whole.size() > 1 && parts.whole[0] == '0')) return std::nullopt;
  text.remove_prefix(parts.whole.size());
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = text.substr(0, digits_at(text));
    if (parts.fraction.empty()) return std::nullopt;
    text.remove_prefix(parts.fraction.size());
  }
  if (text.empty()) return parts;
  if (text[0] != 'e' && text[0] != 'E') return std::nullopt;
  const auto exponent = parse_exponent(text.substr(1));
  if (!exponent) return std::nullopt;
  parts.exponent = *exponent;
  return parts;
}

}  // namespace

std::optional<JsonNumber> parse_json_number(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  std::string digits(parts->whole);
  digits += parts->fraction;
  int64_t exponent = parts->exponent - static_cast<int64_t>(parts->fraction.size());
  const size_t last = digits.find_last_not_of('0');
  if (last == std::string::npos) return JsonNumber();
  exponent += static_cast<int64_t>(digits.size() - 1 - last);
  digits.resize(last + 1);
  digits.erase(0, digits.find_first_not_of('0'));
  JsonNumber number{.is_negative = parts->is_negative};
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number.digits);
  if (read.ec != std::errc{}) return std::nullopt;
  number.exponent = static_cast<int32_t>(std::clamp(exponent, -kExponentMax, kExponentMax));
  return number;
}

std::optional<uint64_t> JsonNumber::whole() const {
  if (is_negative || exponent < 0) return std::nullopt;
  uint64_t value = digits;
  for (int32_t i = 0; i < exponent; ++i) {
    if (__builtin_mul_overflow(value, uint64_t{10}, &value)) return std::nullopt;
  }
  return value;
}

std::optional<std::string> JsonNumber::plain_text() const {
  std::string text = std::to_string(digits);
  if (exponent >= 0) {
    if (text.size() + static_cast<size_t>(exponent) > kPlainBytesMax) return std::nullopt;
    text.append(static_cast<size_t>(exponent), '0');
  } else {
    const auto behind_point = static_cast<size_t>(-int64_t{exponent});
    if (behind_point + 2 > kPlainBytesMax) return std::nullopt;
    if (text.size() <= behind_point) text.insert(0, behind_point + 1 - text.size(), '0');
    text.insert(text.size() - behind_point, 1, '.');
  }
  return is_negative ? "-" + text : text;
}

}  // namespace rateguard

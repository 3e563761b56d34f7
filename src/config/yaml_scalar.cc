#include "config/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "model/ascii.h"

namespace rateguard::config {
namespace {

constexpr std::string_view kCorePrefix = "tag:yaml.org,2002:";
constexpr std::array<std::string_view, 8> kCoreTypes = {"str", "int", "float", "bool", "null", "seq", "map", "merge"};

struct Digits {
  std::string_view text;
  int base;
};

// Go's literals, which the parser accepts.
Digits split_base(std::string_view text) {
  if (text.size() < 2 || text[0] != '0') return {text, 10};
  switch (text[1]) {
    case 'x':
    case 'X':
      return {text.substr(2), 16};
    case 'b':
    case 'B':
      return {text.substr(2), 2};
    case 'o':
    case 'O':
      return {text.substr(2), 8};
    default:
      return {text.substr(1), 8};
  }
}

// False if the text begins with neither a digit nor a sign.
bool take_sign(std::string_view& text, bool& negative) {
  if (text.empty()) return false;
  negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  return !text.empty() && text[0] != '_' && text[0] != '-' && text[0] != '+';
}

std::string without_underscores(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  return digits;
}

}  // namespace

std::optional<bool> parse_yaml_truth(std::string_view text) {
  for (const std::string_view word : {"true", "yes", "on", "y"}) {
    if (equal_ignoring_case(word, text)) return true;
  }
  for (const std::string_view word : {"false", "no", "off", "n"}) {
    if (equal_ignoring_case(word, text)) return false;
  }
  return std::nullopt;
}

std::optional<int64_t> parse_yaml_integer(std::string_view text) {
  bool negative = false;
  if (!take_sign(text, negative)) return std::nullopt;
  const std::string plain = without_underscores(text);
  const auto [digits, base] = split_base(plain);
  uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (magnitude > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  const auto value = static_cast<int64_t>(magnitude);
  return negative ? -value : value;
}

std::optional<double> parse_yaml_number(std::string_view text) {
  if (const auto whole = parse_yaml_integer(text)) return static_cast<double>(*whole);
  bool negative = false;
  if (!take_sign(text, negative)) return std::nullopt;
  const std::string digits = without_underscores(text);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(number)) return std::nullopt;
  return negative ? -number : number;
}

bool is_yaml_null(std::string_view text) {
  return text.empty() || text == "~" || equal_ignoring_case(text, "null");
}

bool is_core_tag(std::string_view tag) {
  return !core_type(tag).empty();
}

std::string_view core_type(std::string_view tag) {
  if (!tag.starts_with(kCorePrefix)) return {};
  tag.remove_prefix(kCorePrefix.size());
  const auto* found = std::ranges::find(kCoreTypes, tag);
  return found == kCoreTypes.end() ? std::string_view{} : *found;
}

bool fits_tag(std::string_view text, std::string_view tag) {
  const std::string_view type = core_type(tag);
  if (type.empty() || type == "str") return true;
  if (type == "int") return parse_yaml_integer(text).has_value();
  if (type == "float") return parse_yaml_number(text).has_value();
  if (type == "bool") return parse_yaml_truth(text).has_value();
  if (type == "null") return is_yaml_null(text);
  return type == "merge" && text == "<<";
}

}  // namespace rateguard::config

#include "settings/field_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "model/instant.h"
#include "model/quantity.h"
#include "settings/field_kinds.h"
#include "text/number.h"

namespace rateguard {
namespace {

Result<void> parse_text(std::string& field, std::string_view text, const FieldBounds& bounds) {
  if (bounds.check != nullptr) {
    if (auto good = bounds.check(text); !good) return good;
  }
  field = text;
  return {};
}
std::string print_text(const std::string& field) {
  return field;
}

Result<void> parse_truth(bool& field, std::string_view text, const FieldBounds&) {
  if (text != "true" && text != "false") return unexpected_value("true or false", text);
  field = text == "true";
  return {};
}

template <typename T>
Result<void> parse_number(T& field, std::string_view text, const FieldBounds& bounds) {
  const auto value =
      parse_whole(text, {.min = static_cast<uint64_t>(bounds.min), .max = static_cast<uint64_t>(bounds.max)});
  if (!value) return unexpected_value(fmt::format("a whole number from {} to {}", bounds.min, bounds.max), text);
  field = static_cast<T>(*value);
  return {};
}
template <typename T>
std::string print_number(const T& field) {
  return fmt::format("{}", field);
}

Result<void> parse_bounded_duration(Duration& field, std::string_view text, const FieldBounds& bounds) {
  const auto value = parse_duration(text);
  if (!value) return std::unexpected(value.error());
  if (value->us < bounds.min || value->us > bounds.max) {
    return unexpected_value(fmt::format("a duration, {}", bounds.words), text);
  }
  field = *value;
  return {};
}
std::string print_duration(const Duration& field) {
  return fmt::format("{}us", field.us);
}

// Every list of text is of tokens. A message never shows one.
Result<std::string> token_of(std::string_view text, const FieldBounds& bounds) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (text.empty() || !printable) return invalid(fmt::format("expected a token: {}", bounds.words));
  return std::string(text);
}

}  // namespace

template <>
const FieldType& field_type<std::string>() {
  return kValueField<std::string, parse_text, print_text>;
}
template <>
const FieldType& field_type<bool>() {
  return kPlainField<bool, parse_truth, print_number<bool>>;
}
template <>
const FieldType& field_type<int>() {
  return kPlainField<int, parse_number<int>, print_number<int>>;
}
template <>
const FieldType& field_type<uint64_t>() {
  return kPlainField<uint64_t, parse_number<uint64_t>, print_number<uint64_t>>;
}
template <>
const FieldType& field_type<Duration>() {
  return kValueField<Duration, parse_bounded_duration, print_duration>;
}
template <>
const FieldType& field_type<std::vector<std::string>>() {
  return kListField<std::string, token_of>;
}

}  // namespace rateguard

// What a specialization of field_type() is made of.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "settings/choice.h"
#include "settings/field_type.h"
#include "text/quote.h"

namespace rateguard {

// The error of a parser of a field.
inline std::unexpected<Error> unexpected_value(std::string_view expected, std::string_view text) {
  return invalid(fmt::format("expected {}, found {}", expected, quote(text)));
}

// Ends a parser of a field: sets it, unless `value` is an error.
template <typename T>
Result<void> set_field(T& field, Result<T> value) {
  if (!value) return std::unexpected(value.error());
  field = *std::move(value);
  return {};
}

// A type by what reads and what shows a value of it.
template <typename T, Result<void> (*Parse)(T&, std::string_view, const FieldBounds&), std::string (*Print)(const T&)>
inline constexpr FieldType kValueField = {
    .parse = [](void* place, std::string_view text,
                const FieldBounds& bounds) { return Parse(*static_cast<T*>(place), text, bounds); },
    .print = [](const void* place) { return Print(*static_cast<const T*>(place)); },
    .equal = [](const void* a, const void* b) { return *static_cast<const T*>(a) == *static_cast<const T*>(b); }};

template <typename T, Result<void> (*Parse)(T&, std::string_view, const FieldBounds&), std::string (*Print)(const T&)>
inline constexpr FieldType kPlainField = [] {
  FieldType type = kValueField<T, Parse, Print>;
  type.is_plain = true;
  return type;
}();

// A list of T, which takes item after item.
template <typename T, Result<T> (*Parse)(std::string_view, const FieldBounds&)>
inline constexpr FieldType kListField = {
    .parse = [](void* place, std::string_view text, const FieldBounds& bounds) -> Result<void> {
      auto item = Parse(text, bounds);
      if (!item) return std::unexpected(item.error());
      static_cast<std::vector<T>*>(place)->push_back(*std::move(item));
      return {};
    },
    .print =
        [](const void* place) { return fmt::format("{} items", static_cast<const std::vector<T>*>(place)->size()); },
    .equal =
        [](const void* a, const void* b) {
          return *static_cast<const std::vector<T>*>(a) == *static_cast<const std::vector<T>*>(b);
        },
    .clear = [](void* place) { static_cast<std::vector<T>*>(place)->clear(); }};

// One of a few words.
template <typename T, const auto& Choices>
Result<void> parse_choice(T& field, std::string_view text, const FieldBounds&) {
  return set_field(field, choose(Choices, text));
}
template <typename T, const auto& Choices>
std::string print_choice(const T& field) {
  const auto found = std::ranges::find(Choices, field, &Choice<T>::value);
  return std::string(found == std::end(Choices) ? "unknown" : found->name);
}
template <typename T, const auto& Choices>
inline constexpr FieldType kChoiceField = kValueField<T, parse_choice<T, Choices>, print_choice<T, Choices>>;

}  // namespace rateguard

// A type that a setting may have: how it is read from text, shown and compared.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard {

// What the row of a setting says of its values.
struct FieldBounds {
  int64_t min = 0;  // whole numbers; durations in microseconds
  int64_t max = 0;
  std::string_view words = {};                             // the same, for people: "1 to 1000000"
  Result<void> (*check)(std::string_view text) = nullptr;  // texts: whether one is valid; null: all are
};

struct FieldType {
  // Sets from text, or appends to a list. Errors: kInvalid, with what was expected; then nothing has changed.
  Result<void> (*parse)(void* place, std::string_view text, const FieldBounds& bounds);
  // For messages and tests; not for tokens and passwords.
  std::string (*print)(const void* place);
  bool (*equal)(const void* a, const void* b);
  // Empties a list. Null: it is not a list.
  void (*clear)(void* place) = nullptr;
  // A number or a truth value: quotes make it a text, which is a mistake.
  bool is_plain = false;
};

// Text, truth values, whole numbers, durations and lists of tokens are in field_type.cc. Any other type is a
// specialization beside the settings that have it, made of the kinds in field_kinds.h, and nothing else.
template <typename T>
const FieldType& field_type();

// Where a setting's value lives, and as what.
struct FieldRef {
  template <typename T>
  FieldRef(T* value) : place(value), type(&field_type<T>()) {}

  void* place;
  const FieldType* type;
};

}  // namespace rateguard

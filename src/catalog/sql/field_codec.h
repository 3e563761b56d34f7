// Fields of records as values of a database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "catalog/record_choices.h"
#include "catalog/record_field.h"
#include "catalog/sql/sql_database.h"
#include "model/instant.h"

namespace rateguard::catalog {

// Lists and maps as JSON.
std::string encode_list(const TextList& list);
std::string encode_map(const TextMap& map);
bool decode_list(const std::string& json, TextList& out);
bool decode_map(const std::string& json, TextMap& out);

inline SqlValue encode_field(const std::string& value) {
  return value;
}
inline SqlValue encode_field(int64_t value) {
  return value;
}
inline SqlValue encode_field(bool value) =
    delete;  // no record has one; it would need a type of its own in each dialect
inline SqlValue encode_field(Instant value) {
  return value.us;
}
inline SqlValue encode_field(const Sha256& value) {
  return SqlBytes{std::string(value.begin(), value.end())};
}
inline SqlValue encode_field(const TextList& value) {
  return encode_list(value);
}
inline SqlValue encode_field(const TextMap& value) {
  return encode_map(value);
}
template <IsChoice E>
SqlValue encode_field(E value) {
  return std::string(choice_word(value));
}
template <typename T>
SqlValue encode_field(const std::optional<T>& value) {
  return value ? encode_field(*value) : SqlValue();
}

// Each takes what `value` holds. False: it is not what encode_field() makes.
inline bool decode_field(SqlValue& value, std::string& out) {
  std::string* const text = std::get_if<std::string>(&value);
  if (text != nullptr) out = std::move(*text);
  return text != nullptr;
}
inline bool decode_field(SqlValue& value, int64_t& out) {
  const int64_t* const number = std::get_if<int64_t>(&value);
  if (number != nullptr) out = *number;
  return number != nullptr;
}
inline bool decode_field(SqlValue& value, Instant& out) {
  return decode_field(value, out.us);
}
bool decode_field(SqlValue& value, Sha256& out);
inline bool decode_field(SqlValue& value, TextList& out) {
  const std::string* const text = std::get_if<std::string>(&value);
  return text != nullptr && decode_list(*text, out);
}
inline bool decode_field(SqlValue& value, TextMap& out) {
  const std::string* const text = std::get_if<std::string>(&value);
  return text != nullptr && decode_map(*text, out);
}
template <IsChoice E>
bool decode_field(SqlValue& value, E& out) {
  const std::string* const text = std::get_if<std::string>(&value);
  const std::optional<E> choice = text != nullptr ? parse_choice<E>(*text) : std::nullopt;
  if (choice) out = *choice;
  return choice.has_value();
}
template <typename T>
bool decode_field(SqlValue& value, std::optional<T>& out) {
  out.reset();
  return std::holds_alternative<std::monostate>(value) || decode_field(value, out.emplace());
}

}  // namespace rateguard::catalog

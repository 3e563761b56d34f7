// A row of the table of settings: what people write and read of one member of a struct of settings. Each module has the
// rows of its own struct beside it; config/ puts them together.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "settings/field_type.h"

namespace rateguard {

template <typename Settings>
struct SettingRow {
  std::string_view key;       // the whole of it: "listen.http"; of a store: "stores.NAME.max_keys"
  std::string_view fallback;  // the default as written in a file, equal to the member's initialiser; empty: none
  std::string_view bounds;    // the valid values, for people: "1 to 1000000"
  std::string_view meaning;
  FieldRef (*field)(Settings& settings);
  int64_t min = 0;  // whole numbers; durations in microseconds
  int64_t max = 0;
  std::string_view alias = {};  // a short environment variable besides the one made from the key
  Result<void> (*check)(std::string_view text) = nullptr;  // texts: whether one is valid; null: all are
};

template <typename Class, typename Member>
Class class_of(Member Class::*);

// For SettingRow::field: a member, or a member of that one, and so on.
template <auto Member, auto... Inner>
FieldRef field_of(decltype(class_of(Member))& settings) {
  if constexpr (sizeof...(Inner) == 0) {
    return &(settings.*Member);
  } else {
    return field_of<Inner...>(settings.*Member);
  }
}

}  // namespace rateguard

// Every setting once. The file's reader, the environment and the test of docs/configuration.md all follow this table.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "settings/field_type.h"

namespace rateguard::config {

// What a setting is set in; settings of a store also name the store.
struct SettingTarget {
  Config& config;
  StoreSettings* store = nullptr;
  std::string_view store_name = {};
};

struct Setting {
  std::string_view key;       // "listen.http"; "stores.NAME.max_keys"
  std::string_view fallback;  // the default as written in a file; empty: none
  std::string_view bounds;    // the valid values, for people: "1 to 1000000"
  std::string_view meaning;
  std::function<FieldRef(const SettingTarget& target)> field;
  int64_t min = 0;  // whole numbers; durations in microseconds
  int64_t max = 0;
  std::string_view alias = {};             // a short environment variable besides the one made from the key
  std::optional<StoreType> only_for = {};  // settings of a store: the only type with this setting
  Result<void> (*check)(std::string_view text) = nullptr;  // texts: whether one is valid; null: all are
};

std::span<const Setting> settings();
// The setting of a key; nullptr if there is none.
const Setting* find_setting(std::string_view key);

// The keys directly inside a section ("" the root, "listen", "listen.tls"), sections included.
std::vector<std::string_view> keys_in(std::string_view section);

// Whether a setting is a list, which is set item by item.
bool is_list(const Setting& setting);
// Whether it is a number or a boolean: in quotes it would be a text, which is an error.
bool wants_plain(const Setting& setting);
// Sets from text, or appends to a list. Errors: kInvalid, with what was expected.
Result<void> set_from_text(const Setting& setting, const SettingTarget& target, std::string_view text);
// Empties a list, before another replaces it.
void clear_list(const Setting& setting, const SettingTarget& target);

// A key or a section with the store's own name in it: "stores.shared.type".
std::string full_key(std::string_view key, std::string_view store_name);
// "RATEGUARD_LISTEN_HTTP"; for a store "RATEGUARD_STORES_DEFAULT_MAX_KEYS".
std::string environment_variable(const Setting& setting, std::string_view store_name);

// A key of a rule, for the reader's suggestions and the documentation; rule_reader.cc gives it its meaning.
struct RuleKey {
  std::string_view key;
  std::string_view fallback;
  std::string_view meaning;
};

std::span<const RuleKey> rule_keys();

}  // namespace rateguard::config

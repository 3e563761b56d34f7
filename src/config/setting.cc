// Sets the value of one row of the settings table.
#include <algorithm>

#include "config/settings_table.h"

namespace rateguard::config {
namespace {

// Any store will do: the type of a row's field does not depend on it.
FieldRef kind_of(const Setting& setting) {
  static Config config;
  static StoreSettings store;
  return setting.field({.config = config, .store = &store});
}

}  // namespace

const Setting* find_setting(std::string_view key) {
  const auto all = settings();
  const auto found = std::ranges::find(all, key, &Setting::key);
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string_view> keys_in(std::string_view section) {
  std::vector<std::string_view> keys;
  for (const Setting& setting : settings()) {
    std::string_view rest = setting.key;
    if (!section.empty()) {
      if (!rest.starts_with(section) || rest.size() <= section.size() || rest[section.size()] != '.') continue;
      rest.remove_prefix(section.size() + 1);
    }
    const std::string_view key = rest.substr(0, rest.find('.'));
    if (keys.empty() || keys.back() != key) keys.push_back(key);
  }
  return keys;
}

bool is_list(const Setting& setting) {
  return kind_of(setting).type->clear != nullptr;
}

bool wants_plain(const Setting& setting) {
  return kind_of(setting).type->is_plain;
}

Result<void> set_from_text(const Setting& setting, const SettingTarget& target, std::string_view text) {
  const FieldRef field = setting.field(target);
  return field.type->parse(field.place, text,
                           {.min = setting.min, .max = setting.max, .words = setting.bounds, .check = setting.check});
}

void clear_list(const Setting& setting, const SettingTarget& target) {
  const FieldRef field = setting.field(target);
  if (field.type->clear != nullptr) field.type->clear(field.place);
}

std::string full_key(std::string_view key, std::string_view store_name) {
  constexpr std::string_view kAnyName = ".NAME.";
  std::string full(key);
  if (const size_t at = full.find(kAnyName); at != std::string::npos) {
    full.replace(at + 1, kAnyName.size() - 2, store_name);
  }
  return full;
}

std::string environment_variable(const Setting& setting, std::string_view store_name) {
  std::string name = "RATEGUARD_";
  for (const char c : full_key(setting.key, store_name)) {
    const bool letter_or_digit = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c >= 'a' && c <= 'z') {
      name.push_back(static_cast<char>(c - 'a' + 'A'));
    } else {
      name.push_back(letter_or_digit ? c : '_');
    }
  }
  return name;
}

}  // namespace rateguard::config

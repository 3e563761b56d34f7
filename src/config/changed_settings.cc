// The settings that differ between two configurations.
#include "config/settings_table.h"

namespace rateguard::config {
namespace {

bool same(const Setting& setting, const SettingTarget& a, const SettingTarget& b) {
  const FieldRef before = setting.field(a);
  return before.type->equal(before.place, setting.field(b).place);
}

}  // namespace

std::vector<std::string> changed_settings(const Config& before, const Config& now) {
  // The table gives writable fields; nothing is written here.
  auto& a = const_cast<Config&>(before);
  auto& b = const_cast<Config&>(now);
  std::vector<std::string> changed;
  for (const Setting& setting : settings()) {
    if (!setting.key.starts_with("stores.")) {
      if (!same(setting, {.config = a}, {.config = b})) changed.emplace_back(setting.key);
      continue;
    }
    for (auto& [name, store] : a.stores) {
      const auto other = b.stores.find(name);
      if (other == b.stores.end()) continue;
      if (same(setting, {a, &store, name}, {b, &other->second, name})) continue;
      changed.push_back(full_key(setting.key, name));
    }
  }
  return changed;
}

}  // namespace rateguard::config

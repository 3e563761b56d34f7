// RATEGUARD_* variables over a configuration.
#include <fmt/format.h>

#include <algorithm>

#include "config/config.h"
#include "config/settings_table.h"

namespace rateguard::config {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// A list is separated by commas; an empty one takes away what the file says.
Result<void> set_list(const Setting& setting, const SettingTarget& target, std::string_view text) {
  clear_list(setting, target);
  while (!trimmed(text).empty()) {
    const size_t end = std::min(text.find(','), text.size());
    if (auto good = set_from_text(setting, target, trimmed(text.substr(0, end))); !good) return good;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

Result<void> apply(const Setting& setting, const SettingTarget& target, const Environment& environment) {
  std::string variable = environment_variable(setting, target.store_name);
  auto value = environment(variable);
  const auto alias = setting.alias.empty() ? std::nullopt : environment(setting.alias);
  if (value && alias && *value != *alias) {
    return invalid(fmt::format("{} and {} are both set, to different values", variable, setting.alias));
  }
  if (!value && alias) {
    value = alias;
    variable = setting.alias;
  }
  if (!value) return {};
  auto good = is_list(setting) ? set_list(setting, target, *value) : set_from_text(setting, target, trimmed(*value));
  if (!good) good.error().message = fmt::format("{}: {}", variable, good.error().message);
  return good;
}

}  // namespace

Result<Config> apply_environment(Config config, const Environment& environment) {
  for (const Setting& setting : settings()) {
    if (!setting.key.starts_with("stores.")) {
      if (auto good = apply(setting, {.config = config}, environment); !good) return std::unexpected(good.error());
      continue;
    }
    for (auto& [name, store] : config.stores) {
      if (auto good = apply(setting, {.config = config, .store = &store, .store_name = name}, environment); !good) {
        return std::unexpected(good.error());
      }
    }
  }
  if (auto good = check_config(config); !good) return std::unexpected(good.error());
  return config;
}

}  // namespace rateguard::config

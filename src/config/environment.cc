// RATEGUARD_* variables over a configuration.
#include <fmt/format.h>

#include <algorithm>

#include "config/config.h"
#include "config/settings_table.h"
#include "model/ascii.h"

namespace rateguard::config {
namespace {

constexpr std::string_view kDefaultStore = "default";
constexpr std::string_view kRedisVariable = "RATEGUARD_REDIS";

// A list is separated by commas; an empty one overrides the file's with nothing.
Result<void> set_list(const Setting& setting, const SettingTarget& target, std::string_view text) {
  clear_list(setting, target);
  while (!trim(text).empty()) {
    const size_t end = std::min(text.find(','), text.size());
    if (auto good = set_from_text(setting, target, trim(text.substr(0, end))); !good) return good;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

Result<void> apply(const Setting& setting, const SettingTarget& target, const Environment& environment) {
  std::string variable = environment_variable(setting, target.store_name);
  auto value = environment(variable);
  // With several stores, the alias sets the default one.
  const bool has_alias = !setting.alias.empty() && (!target.store || target.store_name == target.config.store_name());
  const auto alias = has_alias ? environment(setting.alias) : std::nullopt;
  if (value && alias && *value != *alias) {
    return invalid(fmt::format("{} and {} are both set, to different values", variable, setting.alias));
  }
  if (!value && alias) {
    value = alias;
    variable = setting.alias;
  }
  if (!value) return {};
  auto good = is_list(setting) ? set_list(setting, target, *value) : set_from_text(setting, target, trim(*value));
  if (!good) {
    good.error().message = fmt::format("{}: {}", variable, good.error().message);
    return good;
  }
  target.config.positions.erase(full_key(setting.key, target.store_name));
  return {};
}

// RATEGUARD_REDIS makes the store a Redis, and replaces any other address.
void make_redis(StoreSettings& store) {
  store.type = StoreType::kRedis;
  store.redis.sentinels.clear();
  store.redis.cluster.clear();
  store.redis.service.clear();
}

// Refuses a setting of a store named "default" that the file does not have: it would be lost silently.
Result<void> refuse_lost(const Setting& setting, const Config& config, const Environment& environment) {
  const std::string variable = environment_variable(setting, kDefaultStore);
  if (config.stores.contains(std::string(kDefaultStore)) || !environment(variable)) return {};
  return invalid(fmt::format("{}: there is no store default; the file has {}", variable, config.store_name()));
}

}  // namespace

Result<Config> apply_environment(Config config, const Environment& given) {
  // A deployment without Redis may set the variable to an empty text.
  const Environment environment = [&](std::string_view name) -> std::optional<std::string> {
    auto value = given(name);
    return name == kRedisVariable && value && trim(*value).empty() ? std::nullopt : value;
  };
  if (environment(kRedisVariable)) make_redis(config.stores.at(config.store_name()));
  for (const Setting& setting : settings()) {
    if (!setting.key.starts_with("stores.")) {
      if (auto good = apply(setting, {.config = config}, environment); !good) return std::unexpected(good.error());
      continue;
    }
    if (auto good = refuse_lost(setting, config, environment); !good) return std::unexpected(good.error());
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

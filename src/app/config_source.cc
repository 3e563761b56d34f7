#include "app/config_source.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

namespace rateguard::app {

ConfigSource::ConfigSource(std::string path, Override command_line)
    : path_(std::move(path)), command_line_(std::move(command_line)) {}

Result<config::Config> ConfigSource::load() const {
  Result<config::Config> config = path_.empty() ? Result<config::Config>(config::Config{}) : config::load(path_);
  if (!config) return config;
  const auto variable = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  config = config::apply_environment(std::move(*config), variable);
  if (!config) return config;
  if (auto good = check_stores(*config); !good) return std::unexpected(good.error());
  return command_line_(std::move(*config));
}

Result<void> check_stores(const config::Config& config) {
  for (const auto& [name, settings] : config.stores) {
    if (name == "default") continue;
    return invalid(fmt::format("stores.{}: all counters are kept in one store; configure it as stores.default", name));
  }
  return {};
}

Result<Policy> make_policy(const config::Config& config) {
  auto rules = rules::RuleSet::compile(config.rules);
  if (!rules) return std::unexpected(rules.error());
  auto identifier = identify::Identifier::create(config.identity);
  if (!identifier) return std::unexpected(identifier.error());
  return Policy{.rules = *rules, .identifier = *identifier};
}

}  // namespace rateguard::app

#include "app/serve/config_source.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "config/envoy_reader.h"
#include "config/variable_names.h"

namespace rateguard::app {

namespace {

config::Variables environment_of_process() {
  config::Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = std::min(text.find('='), text.size());
    variables.emplace_back(text.substr(0, equals), text.substr(std::min(equals + 1, text.size())));
  }
  return variables;
}

}  // namespace

ConfigSource::ConfigSource(std::string path, Override command_line)
    : path_(std::move(path)), command_line_(std::move(command_line)) {}

Result<config::Config> ConfigSource::load() const {
  Result<config::Config> config = path_.empty() ? Result<config::Config>(config::Config{}) : config::load(path_);
  if (!config) return config;
  if (auto good = config::check_variable_names(*config, environment_of_process()); !good) {
    return std::unexpected(good.error());
  }
  const auto variable = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  // envoyproxy/ratelimit's variables also count if the command line names its configuration.
  if (const auto named = command_line_(*config); named && config->envoy.config.empty()) {
    config->envoy.config = named->envoy.config;
  }
  config = config::apply_envoy_environment(std::move(*config), variable);
  if (config) config = config::apply_environment(std::move(*config), variable);
  if (!config) return config;
  return command_line_(std::move(*config));
}

Result<Policy> make_policy(const config::Config& config) {
  auto rules = rules::RuleSet::compile(config.rules);
  if (!rules) return std::unexpected(rules.error());
  auto identifier = identify::Identifier::create(config.identity);
  if (!identifier) {
    Error error = identifier.error();  // an error of the key file
    if (error.position == SourcePosition{}) error.position = config.position_of("identity.jwt.key_file");
    return std::unexpected(std::move(error));
  }
  return Policy{.rules = *rules, .identifier = *identifier};
}

Result<envoy::DescriptorPolicy> make_envoy_policy(const config::Config& config) {
  const envoy::EnvoySettings& settings = config.envoy;
  envoy::Answering answering{.shadow_mode = settings.shadow_mode,
                             .dynamic_metadata = settings.response_dynamic_metadata};
  using enum envoy::Counting;
  const bool spares_others = settings.stop_increment_when_over_limit;
  if (settings.compat == envoy::EnvoyCompat::kEnvoyproxy) {
    answering.counting = spares_others ? kEveryRequestOnce : kEveryRequest;
  } else {
    answering.counting = spares_others ? kAdmittedOnce : kAdmitted;
  }
  const envoy::EnvoyHeaderNames& names = settings.response_headers;
  if (names.enabled) {
    answering.response_headers = {.limit = names.limit, .remaining = names.remaining, .reset = names.reset};
  }
  envoy::DescriptorPolicy policy{.answering = std::make_shared<const envoy::Answering>(std::move(answering))};
  if (settings.config.empty()) return policy;
  const auto same_domain = settings.merge_domains ? envoy::SameDomain::kMerged : envoy::SameDomain::kRejected;
  auto limits = config::load_envoy(settings.config, same_domain, config.store_names());
  if (!limits) return std::unexpected(limits.error());
  policy.limits = *std::move(limits);
  return policy;
}

}  // namespace rateguard::app

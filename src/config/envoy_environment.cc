// envoyproxy/ratelimit's own environment variables, as settings of RateGuard.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "config/config.h"
#include "config/settings_table.h"
#include "model/ascii.h"

namespace rateguard::config {
namespace {

// How a variable spells its value.
enum class Spelling : uint8_t { kText, kTruth, kLogLevel };

struct Variable {
  std::string_view name;
  std::string_view setting;
  Spelling spelling = Spelling::kText;
};

// docs/envoy.md has the same table. RUNTIME_*, HOST and PORT belong together and are read separately.
constexpr Variable kVariables[] = {
    {"MERGE_DOMAIN_CONFIG", "envoy.merge_domains", Spelling::kTruth},
    {"SHADOW_MODE", "envoy.shadow_mode", Spelling::kTruth},
    {"STOP_CACHE_KEY_INCREMENT_WHEN_OVERLIMIT", "envoy.stop_increment_when_over_limit", Spelling::kTruth},
    {"RESPONSE_DYNAMIC_METADATA", "envoy.response_dynamic_metadata", Spelling::kTruth},
    {"LIMIT_RESPONSE_HEADERS_ENABLED", "envoy.response_headers.enabled", Spelling::kTruth},
    {"LIMIT_LIMIT_HEADER", "envoy.response_headers.limit", Spelling::kText},
    {"LIMIT_REMAINING_HEADER", "envoy.response_headers.remaining", Spelling::kText},
    {"LIMIT_RESET_HEADER", "envoy.response_headers.reset", Spelling::kText},
    {"LOG_LEVEL", "log.level", Spelling::kLogLevel},
    {"LOG_FORMAT", "log.format", Spelling::kText},
};

// As Go's strconv.ParseBool reads them.
std::string truth(const std::string& text) {
  for (const std::string_view word : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == word) return "true";
  }
  for (const std::string_view word : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == word) return "false";
  }
  return text;
}

// logrus has more levels than RateGuard.
std::string log_level(std::string text) {
  for (char& c : text) c = ascii_lower(c);
  if (text == "trace") return "debug";
  if (text == "warning") return "warn";
  if (text == "fatal" || text == "panic") return "error";
  return text;
}

std::string spelt(std::string text, Spelling spelling) {
  switch (spelling) {
    case Spelling::kTruth:
      return truth(text);
    case Spelling::kLogLevel:
      return log_level(std::move(text));
    case Spelling::kText:
      break;
  }
  return text;
}

Result<void> set(Config& config, std::string_view key, std::string_view variable, const std::string& text) {
  const Setting* setting = find_setting(key);
  if (setting == nullptr) return {};
  auto good = set_from_text(*setting, {.config = config}, text);
  if (!good) good.error().message = fmt::format("{}: {}", variable, good.error().message);
  return good;
}

// Where envoyproxy/ratelimit reads its files from; empty if neither variable is set.
std::optional<std::string> runtime_folder(const Environment& environment) {
  const auto root = environment("RUNTIME_ROOT");
  const auto subdirectory = environment("RUNTIME_SUBDIRECTORY");
  if (!root && !subdirectory) return std::nullopt;
  std::string folder = root.value_or("/srv/runtime_data/current");
  for (const std::string& part : {subdirectory.value_or(""), environment("RUNTIME_APPDIRECTORY").value_or("config")}) {
    if (part.empty()) continue;
    if (!folder.ends_with('/')) folder += '/';
    folder += part;
  }
  return folder;
}

// Either part of an address may be set alone; the other stays.
Result<void> set_address(Config& config, std::string_view key, std::pair<std::string_view, std::string_view> variables,
                         const Environment& environment) {
  const Setting* setting = find_setting(key);
  const auto host = environment(variables.first);
  const auto port = environment(variables.second);
  if (setting == nullptr || (!host && !port)) return {};
  net::Endpoint now;
  if (key == "listen.http") now = config.listen.http;
  if (key == "listen.grpc")
    now = config.listen.grpc.value_or(net::Endpoint{.port = 8081});  // the default of both programs
  if (host) now.host = *host;
  const std::string shown = now.host.contains(':') ? "[" + now.host + "]" : now.host;
  const std::string text = fmt::format("{}:{}", shown, port ? *port : std::to_string(now.port));
  return set(config, key, port ? variables.second : variables.first, text);
}

}  // namespace

Result<Config> apply_envoy_environment(Config config, const Environment& environment) {
  const auto folder = runtime_folder(environment);
  if (!folder && config.envoy.config.empty() && !environment("RATEGUARD_ENVOY_CONFIG")) return config;
  if (folder) config.envoy.config = *folder;
  for (const Variable& variable : kVariables) {
    const auto text = environment(variable.name);
    if (!text) continue;
    auto good = set(config, variable.setting, variable.name, spelt(*text, variable.spelling));
    if (!good) return std::unexpected(good.error());
  }
  if (auto good = set_address(config, "listen.http", {"HOST", "PORT"}, environment); !good) {
    return std::unexpected(good.error());
  }
  if (auto good = set_address(config, "listen.grpc", {"GRPC_HOST", "GRPC_PORT"}, environment); !good) {
    return std::unexpected(good.error());
  }
  return config;
}

}  // namespace rateguard::config

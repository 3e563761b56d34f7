#include <gtest/gtest.h>

#include <map>

#include "config/config.h"

namespace rateguard::config {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

Result<Config> applied(Variables values, Config config = {}) {
  const Environment environment = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
  auto with_theirs = apply_envoy_environment(std::move(config), environment);
  return with_theirs ? apply_environment(std::move(*with_theirs), environment) : with_theirs;
}

std::string message_of(Variables values) {
  const auto config = applied(std::move(values));
  return config ? "good" : config.error().to_string();
}

TEST(EnvoyEnvironment, CountsOnlyWhereEnvoysConfigurationIsInUse) {
  const Variables theirs = {{"SHADOW_MODE", "true"}, {"PORT", "9999"}, {"LOG_LEVEL", "nonsense"}};
  const auto ignored = applied(theirs);
  ASSERT_TRUE(ignored.has_value());
  EXPECT_FALSE(ignored->envoy.shadow_mode);
  EXPECT_EQ(ignored->listen.http.port, 8080);

  Config config;
  config.envoy.config = "/etc/limits";
  EXPECT_TRUE(applied({{"SHADOW_MODE", "true"}}, config)->envoy.shadow_mode);
  EXPECT_TRUE(applied({{"SHADOW_MODE", "1"}, {"RATEGUARD_ENVOY_CONFIG", "/x"}})->envoy.shadow_mode);
}

TEST(EnvoyEnvironment, TheFolderOfTheFiles) {
  EXPECT_EQ(applied({{"RUNTIME_ROOT", "/data"}, {"RUNTIME_SUBDIRECTORY", "ratelimit"}})->envoy.config,
            "/data/ratelimit/config");
  EXPECT_EQ(applied({{"RUNTIME_SUBDIRECTORY", "ratelimit"}})->envoy.config,
            "/srv/runtime_data/current/ratelimit/config");
  EXPECT_EQ(applied({{"RUNTIME_ROOT", "/data/"}, {"RUNTIME_APPDIRECTORY", "limits"}})->envoy.config, "/data/limits");
  EXPECT_EQ(applied({{"RUNTIME_ROOT", "/data"}, {"RATEGUARD_ENVOY_CONFIG", "/mine"}})->envoy.config, "/mine");
}

TEST(EnvoyEnvironment, EveryVariable) {
  const auto config = applied({{"RUNTIME_ROOT", "/data"},
                               {"HOST", "0.0.0.0"},
                               {"PORT", "9090"},
                               {"GRPC_PORT", "9091"},
                               {"MERGE_DOMAIN_CONFIG", "TRUE"},
                               {"SHADOW_MODE", "t"},
                               {"STOP_CACHE_KEY_INCREMENT_WHEN_OVERLIMIT", "1"},
                               {"RESPONSE_DYNAMIC_METADATA", "True"},
                               {"LIMIT_RESPONSE_HEADERS_ENABLED", "true"},
                               {"LIMIT_LIMIT_HEADER", "X-Limit"},
                               {"LIMIT_REMAINING_HEADER", "X-Remaining"},
                               {"LIMIT_RESET_HEADER", "X-Reset"},
                               {"LOG_LEVEL", "WARNING"},
                               {"LOG_FORMAT", "json"}});
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->listen.http.to_string(), "0.0.0.0:9090");
  EXPECT_EQ(config->listen.grpc->to_string(), "127.0.0.1:9091");
  const envoy::EnvoySettings& envoy = config->envoy;
  EXPECT_TRUE(envoy.merge_domains && envoy.shadow_mode && envoy.stop_increment_when_over_limit);
  EXPECT_TRUE(envoy.response_dynamic_metadata && envoy.response_headers.enabled);
  EXPECT_EQ(envoy.response_headers.limit, "X-Limit");
  EXPECT_EQ(envoy.response_headers.remaining, "X-Remaining");
  EXPECT_EQ(envoy.response_headers.reset, "X-Reset");
  EXPECT_EQ(config->log.level, LogLevel::kWarn);
  EXPECT_EQ(config->log.format, LogFormat::kJson);
}

TEST(EnvoyEnvironment, RateGuardsOwnGoFirst) {
  const auto config = applied({{"RUNTIME_ROOT", "/data"}, {"PORT", "1"}, {"RATEGUARD_HTTP", "127.0.0.1:2"}});
  EXPECT_EQ(config->listen.http.to_string(), "127.0.0.1:2");
}

TEST(EnvoyEnvironment, ErrorsNameTheVariable) {
  EXPECT_EQ(message_of({{"RUNTIME_ROOT", "/d"}, {"SHADOW_MODE", "maybe"}}),
            "SHADOW_MODE: expected true or false, found 'maybe'");
  EXPECT_EQ(message_of({{"RUNTIME_ROOT", "/d"}, {"PORT", "many"}}).substr(0, 6), "PORT: ");
  EXPECT_EQ(message_of({{"RUNTIME_ROOT", "/d"}, {"LIMIT_LIMIT_HEADER", "two words"}}),
            "envoy.response_headers: 'two words' is not a valid field name");
}

}  // namespace
}  // namespace rateguard::config

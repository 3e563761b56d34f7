#include <gtest/gtest.h>

#include "config/config.h"

namespace rateguard::config {
namespace {

Environment variables(std::map<std::string, std::string, std::less<>> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string message(std::map<std::string, std::string, std::less<>> values, Config config = {}) {
  const auto applied = apply_environment(std::move(config), variables(std::move(values)));
  return applied ? "good" : applied.error().to_string();
}

TEST(Environment, NothingSetChangesNothing) {
  Config config;
  config.listen.threads = 3;
  const auto applied = apply_environment(config, variables({}));
  ASSERT_TRUE(applied.has_value());
  EXPECT_EQ(applied->listen.threads, 3);
}

TEST(Environment, TakesPrecedenceOverTheFile) {
  auto config = parse(
                    "listen: {http: 'localhost:1', tokens: [a, b], threads: 3}\nstores: {default: {}, shared: {type: "
                    "redis, url: 'redis://a', max_keys: 5}}",
                    "f")
                    .value();
  const auto applied = apply_environment(config, variables({{"RATEGUARD_LISTEN_HTTP", "localhost:2"},
                                                            {"RATEGUARD_LISTEN_TOKENS", "c , d"},
                                                            {"RATEGUARD_LISTEN_TRUSTED_PROXIES", "10.0.0.0/8,::1"},
                                                            {"RATEGUARD_STORES_SHARED_MAX_KEYS", "6"},
                                                            {"RATEGUARD_STORES_DEFAULT_MAX_KEYS", "7"},
                                                            {"RATEGUARD_LOG_LEVEL", " warn "},
                                                            {"RATEGUARD_DATA", "/data"}}));
  ASSERT_TRUE(applied.has_value()) << applied.error().message;
  EXPECT_EQ(applied->listen.http.port, 2);
  EXPECT_EQ(applied->listen.threads, 3);
  EXPECT_EQ(applied->listen.tokens, (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(applied->identity.trusted_proxies.size(), 2u);
  EXPECT_EQ(applied->stores.at("shared").max_keys, 6u);
  EXPECT_EQ(applied->stores.at("default").max_keys, 7u);
  EXPECT_EQ(applied->log.level, LogLevel::kWarn);
  EXPECT_EQ(applied->data_dir, "/data");
}

TEST(Environment, AnEmptyListReplacesTheFiles) {
  Config config;
  config.listen.tokens = {"a"};
  EXPECT_TRUE(apply_environment(config, variables({{"RATEGUARD_LISTEN_TOKENS", ""}}))->listen.tokens.empty());
}

TEST(Environment, ShortNames) {
  EXPECT_EQ(apply_environment({}, variables({{"RATEGUARD_HTTP", "localhost:9"}}))->listen.http.port, 9);
  EXPECT_EQ(message({{"RATEGUARD_HTTP", "localhost:9"}, {"RATEGUARD_LISTEN_HTTP", "localhost:9"}}), "good");
  EXPECT_EQ(message({{"RATEGUARD_HTTP", "localhost:9"}, {"RATEGUARD_LISTEN_HTTP", "localhost:8"}}),
            "RATEGUARD_LISTEN_HTTP and RATEGUARD_HTTP are both set, to different values");
}

TEST(Environment, OneVariableMakesTheStoreARedisDespiteTheFile) {
  const auto url = redis::Url::parse("redis://me:pw@10.0.0.5/2").value();
  const auto in_redis = [&](std::string_view file) {
    const auto applied =
        apply_environment(parse(file, "f").value(), variables({{"RATEGUARD_REDIS", "redis://me:pw@10.0.0.5/2"}}));
    EXPECT_TRUE(applied.has_value()) << file << ": " << applied.error().message;
    return applied.value_or(Config{}).store();
  };
  for (const std::string_view file :
       {"", "stores: {default: {max_keys: 5, snapshot: s}}", "stores: {default: {type: redis, url: 'redis://other'}}",
        "stores: {shared: {type: redis, sentinels: ['redis://a', 'redis://b'], service: main}}",
        "stores: {shared: {type: redis, cluster: 'redis://a'}}"}) {
    const StoreSettings store = in_redis(file);
    EXPECT_EQ(store.type, StoreType::kRedis) << file;
    EXPECT_EQ(store.redis.url, url) << file;
    EXPECT_TRUE(store.redis.sentinels.empty() && store.redis.cluster.empty()) << file;
  }
  EXPECT_EQ(in_redis("stores: {shared: {type: redis, deadline: 7ms}}").redis.deadline, Duration::millis(7));
  EXPECT_EQ(apply_environment({}, variables({{"RATEGUARD_REDIS", " "}}))->store().type, StoreType::kMemory);
  const auto named = parse("stores: {default: {type: redis, url: 'redis://a'}}", "f").value();
  EXPECT_EQ(apply_environment(named, variables({{"RATEGUARD_REDIS", ""}}))->store().redis.url->host, "a");
}

TEST(Environment, SettingsOfARedis) {
  const auto file = parse("stores: {shared: {type: redis, url: 'redis://a', password: old}}", "f").value();
  const auto applied =
      apply_environment(file, variables({{"RATEGUARD_STORES_SHARED_URL", ""},
                                         {"RATEGUARD_STORES_SHARED_SENTINELS", "rediss://b:1, rediss://c:2"},
                                         {"RATEGUARD_STORES_SHARED_TLS_SERVER_NAME", "redis.internal"},
                                         {"RATEGUARD_STORES_SHARED_SERVICE", "main"},
                                         {"RATEGUARD_STORES_SHARED_PASSWORD", "new"},
                                         {"RATEGUARD_STORES_SHARED_BREAKER_OPEN_FOR", "1s"}}));
  ASSERT_TRUE(applied.has_value()) << applied.error().message;
  const RedisSettings& redis = applied->store().redis;
  EXPECT_FALSE(redis.url.has_value());
  ASSERT_EQ(redis.sentinels.size(), 2u);
  EXPECT_EQ(redis.sentinels[1].port, 2);
  EXPECT_EQ(redis.server(), (redis::Url{.security = redis::Security::kTls, .password = "new"}));
  EXPECT_EQ(redis.tls_server_name, "redis.internal");
  EXPECT_EQ(redis.breaker_open_for, Duration::seconds(1));
}

TEST(Environment, MissingSettingsOfAStoreAreReportedLast) {
  EXPECT_EQ(
      message({{"RATEGUARD_STORES_DEFAULT_TYPE", "redis"}}),
      "stores.default.url is missing; expected where the Redis is, such as redis://10.0.0.5:6379, or sentinels or "
      "cluster");
  EXPECT_EQ(message({}, parse("stores: {a: {}, b: {type: redis, url: 'redis://a'}, c: {}}", "f").value()),
            "stores.a and stores.c are both in memory; expected one of them at most");
  const auto file = parse("stores: {default: {type: redis, url: 'rediss://a', user: me}}", "f");
  ASSERT_TRUE(file.has_value()) << "a password may stay out of the file";
  EXPECT_EQ(message({}, *file), "f:1:10: stores.default.password is missing; a user logs in with one");
  const auto applied = apply_environment(*file, variables({{"RATEGUARD_STORES_DEFAULT_PASSWORD", "p"}}));
  EXPECT_EQ(applied->store().redis.server().password, "p");
  EXPECT_EQ(message({{"RATEGUARD_STORES_DEFAULT_URL", "redis://a"}}), "stores.default.url goes with type: redis");
  EXPECT_EQ(message({{"RATEGUARD_STORES_DEFAULT_MAX_KEYS", "5"}}, parse("stores: {shared: {}}", "f").value()),
            "RATEGUARD_STORES_DEFAULT_MAX_KEYS: there is no store default; the file has shared");
}

TEST(Environment, ErrorsNameTheVariable) {
  EXPECT_EQ(message({{"RATEGUARD_LISTEN_THREADS", "many"}}),
            "RATEGUARD_LISTEN_THREADS: expected a whole number from 0 to 1024, found 'many'");
  EXPECT_EQ(message({{"RATEGUARD_HTTP", "80"}}).substr(0, 20), "RATEGUARD_HTTP: '80'");
  EXPECT_EQ(message({{"RATEGUARD_LOG_ACCESS", "yes"}}), "RATEGUARD_LOG_ACCESS: expected true or false, found 'yes'");
  EXPECT_EQ(message({{"RATEGUARD_LISTEN_TLS_KEY", "k.pem"}}),
            "listen.tls.certificate is missing; a certificate and its key go together");
  EXPECT_TRUE(
      message({{"RATEGUARD_REDIS", "redis://me:hunter2@a:x"}}).starts_with("RATEGUARD_REDIS: not a Redis URL: "));
  EXPECT_EQ(message({{"RATEGUARD_REDIS", "redis://a"}, {"RATEGUARD_STORES_DEFAULT_URL", "redis://b"}}),
            "RATEGUARD_STORES_DEFAULT_URL and RATEGUARD_REDIS are both set, to different values");
  // Never a secret in a message.
  EXPECT_FALSE(message({{"RATEGUARD_REDIS", "redis://me:hunter2@a:x"}}).contains("hunter2"));
  EXPECT_FALSE(message({{"RATEGUARD_REDIS", "hunter2"}}).contains("hunter2"));
  EXPECT_FALSE(message({{"RATEGUARD_LISTEN_TOKENS", "se cret"}}).contains("cret"));
}

}  // namespace
}  // namespace rateguard::config

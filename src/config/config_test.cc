#include "config/config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "algorithm/calendar.h"
#include "rules/rule_set.h"

namespace rateguard::config {
namespace {

constexpr std::string_view kExample = R"(listen: {http: "127.0.0.1:8080", trusted_proxies: [10.0.0.0/8]}
stores:
  default: {type: memory, max_keys: 1000000, snapshot: /var/lib/rateguard/counters.snap}
  shared:  {type: redis, url: "rediss://user:pass@10.0.0.5:6379/0", deadline: 2ms}
rules:
  - name: login
    match: {methods: [POST], path: /login}            # path: exact, prefix "/api/*", or template "/users/{id}"
    per: ip
    limit: 5/m                                        # "N/period [burst B]"
    algorithm: sliding_window_log
    store: shared
    on_store_failure: deny
  - name: plan-quota
    per: api_key
    by_plan: {free: 1000/day, pro: 100000/day, enterprise: unlimited}
    mode: shadow                                      # enforce | shadow | off
  - {name: api, match: {path: "/api/*"}, per: [ip, route], algorithm: token_bucket, capacity: 20, refill: 100/10s}
  - {name: all, per: global, algorithm: sliding_window_log, limit: 1000, window: 1m}
)";

constexpr std::string_view kRedisExample = R"(
stores:
  shared:
    type: redis
    url: "rediss://user:p%40ss@10.0.0.5:6380/3"
    deadline: 5ms
    prefix: "shop:rg"
    secret: s
    on_store_failure: local
    breaker: {failures: 3, open_for: 500ms}
    tls: {ca: ca.pem, certificate: c.pem, key: k.pem}
    tls_server_name: redis.example.com
    max_keys: 1000
    when_full: refuse
    sync_interval: 50ms
rules:
  - {name: api, limit: 5/m, store: shared}
  - {name: hot, limit: 5/m, store: shared, consistency: lease}
  - {name: wide, limit: 5/m, store: shared, consistency: sync}
)";

constexpr Duration kDay = Duration::seconds(86'400);

TEST(Config, ReadsARedisStore) {
  const auto config = parse(kRedisExample, "rules.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->stores.size(), 1u) << "it takes the default one's place";
  EXPECT_EQ(config->store_name(), "shared");
  const StoreSettings& store = config->store();
  EXPECT_EQ(store.type, StoreType::kRedis);
  EXPECT_EQ(store.max_keys, 1'000u);
  EXPECT_EQ(store.when_full, FullPolicy::kRefuse);
  const RedisSettings& redis = store.redis;
  EXPECT_EQ(redis.url, redis::Url::parse("rediss://user:p%40ss@10.0.0.5:6380/3").value());
  EXPECT_EQ(redis.server(), *redis.url);
  EXPECT_EQ(redis.deadline, Duration::millis(5));
  EXPECT_EQ(redis.prefix, "shop:rg");
  EXPECT_EQ(redis.secret, "s");
  EXPECT_EQ(redis.on_store_failure, OnStoreFailure::kLocal);
  EXPECT_EQ(redis.breaker_failures, 3);
  EXPECT_EQ(redis.breaker_open_for, Duration::millis(500));
  EXPECT_EQ(redis.tls.ca, "ca.pem");
  EXPECT_EQ(redis.tls.certificate, "c.pem");
  EXPECT_EQ(redis.tls.key, "k.pem");
  EXPECT_EQ(redis.tls_server_name, "redis.example.com");
  EXPECT_EQ(redis.sync_interval, Duration::millis(50));
  EXPECT_EQ(config->rules[0].store, "shared");
  EXPECT_EQ(config->rules[0].consistency, Consistency::kExact);
  EXPECT_EQ(config->rules[1].consistency, Consistency::kLease);
  EXPECT_EQ(config->rules[2].consistency, Consistency::kSync);
}

TEST(Config, ARedisIsReachedInThreeWays) {
  const auto redis = [](std::string_view settings) {
    const auto config = parse(fmt::format("stores: {{default: {{type: redis, {}}}}}", settings), "f");
    EXPECT_TRUE(config.has_value()) << settings << ": " << (config ? "" : config.error().to_string());
    return config.value_or(Config{}).store().redis;
  };
  EXPECT_EQ(redis("url: 'unix:///run/redis.sock'").url->path, "/run/redis.sock");
  const RedisSettings sentinel = redis(
      "sentinels: ['rediss://:s@a:26379', 'rediss://b:26379'], service: main, user: me, password: p, database: 2");
  ASSERT_EQ(sentinel.sentinels.size(), 2u);
  EXPECT_EQ(sentinel.sentinels[0].password, "s");
  EXPECT_EQ(sentinel.service, "main");
  EXPECT_EQ(sentinel.server(),
            (redis::Url{.security = redis::Security::kTls, .user = "me", .password = "p", .database = 2}));
  const RedisSettings cluster = redis("cluster: ['redis://:x@a:7000', 'redis://:x@b:7001'], password: y");
  ASSERT_EQ(cluster.cluster.size(), 2u);
  EXPECT_EQ(cluster.server(), (redis::Url{.host = "a", .port = 7000, .password = "y"}));
  EXPECT_EQ(redis("cluster: 'redis://a'").cluster.size(), 1u) << "one stands for a list of it";
  EXPECT_FALSE(redis("deadline: 5ms").url.has_value()) << "the environment may say where";
}

TEST(Config, TheStoreThatCounts) {
  EXPECT_EQ(parse("", "f")->store_name(), "default");
  EXPECT_EQ(parse("stores: {a: {}}", "f")->store_name(), "a");
  EXPECT_EQ(parse("stores: {a: {type: redis}, default: {}}", "f")->store_name(), "default");
  EXPECT_EQ(parse("stores: {}", "f")->store_name(), "default");
}

TEST(Config, RulesKnowTheirStoresByNumber) {
  const auto config = parse(R"(stores: {west: {type: redis}, default: {}, east: {type: redis}}
rules:
  - {name: a, limit: 1/m}
  - {name: b, limit: 1/m, store: west}
  - {name: c, limit: 1/m, store: east}
)",
                            "f");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->store_names(), (std::vector<std::string>{"default", "east", "west"}));
  EXPECT_EQ(config->memory_store_name(), "default");
  EXPECT_EQ(config->rules[0].store_number, 0);
  EXPECT_EQ(config->rules[1].store_number, 2);
  EXPECT_EQ(config->rules[2].store_number, 1);
  const auto redis_only = parse("stores: {west: {type: redis}, east: {type: redis}}", "f");
  EXPECT_EQ(redis_only->store_name(), "east");
  EXPECT_EQ(redis_only->memory_store_name(), "east");
}

TEST(Config, ReadsTheExample) {
  const auto config = parse(kExample, "rules.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->listen.http, net::Endpoint{});
  EXPECT_EQ(config->identity.trusted_proxies, std::vector{IpPrefix::parse("10.0.0.0/8").value()});
  EXPECT_EQ(config->stores.size(), 2u);
  EXPECT_EQ(config->stores.at("default").snapshot, "/var/lib/rateguard/counters.snap");
  ASSERT_EQ(config->rules.size(), 4u);

  const auto& login = config->rules[0];
  EXPECT_EQ(login.name, "login");
  EXPECT_EQ(login.match.methods, std::vector<std::string>{"POST"});
  EXPECT_EQ(login.match.paths, std::vector<std::string>{"/login"});
  EXPECT_EQ(login.per, std::vector{rules::Part{.kind = rules::PartKind::kIp}});
  EXPECT_EQ(login.limit, Limit::sliding_window_log(5, Duration::seconds(60)).value());
  EXPECT_EQ(login.store, "shared");
  EXPECT_EQ(login.on_store_failure, rules::OnStoreFailure::kDeny);
  EXPECT_EQ(login.missing, rules::Missing::kReject);
  EXPECT_EQ(login.position, (SourcePosition{.file = "rules.yaml", .line = 6, .column = 5}));

  const auto& quota = config->rules[1];
  EXPECT_EQ(quota.limit, std::nullopt);
  EXPECT_EQ(quota.by_plan.at("free"), Limit::token_bucket(1000, {.units = 1000, .period = kDay}).value());
  EXPECT_EQ(quota.by_plan.at("enterprise"), std::nullopt);
  EXPECT_EQ(quota.mode, rules::RuleMode::kShadow);
  EXPECT_EQ(config->rules[2].limit, Limit::token_bucket(20, {.units = 100, .period = Duration::seconds(10)}).value());
  EXPECT_EQ(config->rules[3].limit, Limit::sliding_window_log(1000, Duration::seconds(60)).value());
}

TEST(Config, EveryLimitSpelling) {
  const Rate per_10s{.units = 100, .period = Duration::seconds(10)};
  const Rate per_s{.units = 5, .period = Duration::seconds(1)};
  const auto berlin = rateguard::algorithm::find_zone("Europe/Berlin").value();
  struct Case {
    std::string_view keys;
    Result<Limit> expected;
  };
  for (const auto& [keys, expected] : std::initializer_list<Case>{
           {"limit: 100/10s", Limit::token_bucket(100, per_10s)},
           {"limit: 100/10s burst 20", Limit::token_bucket(20, per_10s)},
           {"limit: 100/10s, burst: 20", Limit::token_bucket(20, per_10s)},
           {"limit: 100, window: 10s", Limit::token_bucket(100, per_10s)},
           {"limit: 100, window: 10s, burst: 7", Limit::token_bucket(7, per_10s)},
           {"limit: 100, window: 10", Limit::token_bucket(100, per_10s)},
           {"capacity: 20, refill: 5", Limit::token_bucket(20, per_s)},
           {"capacity: 20, refill: 0.1", Limit::token_bucket(20, {.units = 1, .period = Duration::seconds(10)})},
           {"algorithm: gcra, limit: 100/10s burst 3", Limit::gcra(3, per_10s)},
           {"algorithm: gcra, limit: 100/10s", Limit::gcra(100, per_10s)},
           {"algorithm: gcra, rate: 5/s, burst: 2", Limit::gcra(2, per_s)},
           {"algorithm: leaky_bucket, rate: 5, queue: 9", Limit::leaky_bucket(9, per_s)},
           {"algorithm: leaky_bucket, limit: 5/s, queue: 9", Limit::leaky_bucket(9, per_s)},
           {"algorithm: leaky_bucket, limit: 5/s", Limit::leaky_bucket(5, per_s)},
           {"algorithm: fixed_window, limit: 100/10s", Limit::fixed_window(100, Duration::seconds(10))},
           {"algorithm: fixed_window, limit: 9/h, anchor: epoch", Limit::fixed_window(9, Duration::seconds(3600))},
           {"algorithm: fixed_window, limit: 9/h, anchor: first_request",
            Limit::fixed_window_from_first_request(9, Duration::seconds(3600))},
           {"algorithm: fixed_window, limit: 9, anchor: month", Limit::calendar_window(9, Anchor::kMonth, nullptr)},
           {"algorithm: fixed_window, limit: 9/day, anchor: day, time_zone: Europe/Berlin",
            Limit::calendar_window(9, Anchor::kDay, berlin)},
           {"algorithm: fixed_window, limit: 9, window: 1w, anchor: week, time_zone: UTC",
            Limit::calendar_window(9, Anchor::kWeek, nullptr)},
           {"algorithm: sliding_window, limit: 9, window: 250ms", Limit::sliding_window_log(9, Duration::millis(250))},
           {"algorithm: sliding_window_counter, limit: 9/m", Limit::sliding_window_counter(9, Duration::seconds(60))},
           {"algorithm: concurrency, limit: 4, hold: 30s", Limit::concurrency(4, Duration::seconds(30))},
           {"limit: 100/10s, overdraft: true", Limit::token_bucket(100, per_10s)->with_overdraft()},
           {"limit: 100/10s, overdraft: false", Limit::token_bucket(100, per_10s)},
       }) {
    const auto config = parse(fmt::format("rules: [{{name: r, {}}}]", keys), "f");
    ASSERT_TRUE(config.has_value()) << keys << ": " << config.error().to_string();
    EXPECT_EQ(config->rules[0].limit, expected.value()) << keys;
  }
}

TEST(Config, PlansShareTheRulesOtherKeys) {
  const auto config = parse(R"(rules:
  - name: quota
    algorithm: fixed_window
    anchor: month
    by_plan:
      free: 100
      pro: {limit: 5/h, anchor: epoch}
      default: unlimited
)",
                            "f");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  const auto& plans = config->rules[0].by_plan;
  EXPECT_EQ(plans.at("free"), Limit::calendar_window(100, Anchor::kMonth, nullptr).value());
  EXPECT_EQ(plans.at("pro"), Limit::fixed_window(5, Duration::seconds(3600)).value());
  EXPECT_EQ(plans.at("default"), std::nullopt);
}

TEST(Config, EverySetting) {
  const auto config = parse(R"(
listen:
  http: "[::]:9"
  tls: {certificate: c.pem, key: k.pem, client_ca: ca.pem}
  tokens: [one, two]
  admin_tokens: three
  threads: 2
  connections_max: 10
  header_bytes_max: 1024
  body_bytes_max: 2048
  idle_timeout: 1s
  read_timeout: 2s
  write_timeout: 3s
  drain_grace: 0s
  proxy_protocol: true
  trusted_proxies: ["::1", 10.0.0.0/8]
  ipv6_prefix: 56
stores:
  default: {max_keys: 5, when_full: refuse, snapshot: s, snapshot_interval: 5s}
identity:
  user: header:X-User
  workspace: cookie:ws
  plan: jwt:plan
  api_keys: catalog
  jwt: {key_file: keys.json, issuer: me, audience: you, leeway: 5s}
catalog: {url: "postgres://rg@h/d", on_catalog_failure: serve_stale, stale_max: 7s}
headers: draft6
log: {format: json, level: debug, access: true}
data_dir: /data
)",
                            "f");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  const auto& listen = config->listen;
  EXPECT_EQ(listen.http, (net::Endpoint{.host = "::", .port = 9}));
  EXPECT_EQ(listen.tls.certificate + listen.tls.key + listen.tls.client_ca, "c.pemk.pemca.pem");
  EXPECT_EQ(listen.tokens, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(listen.admin_tokens, std::vector<std::string>{"three"});
  EXPECT_EQ(listen.threads, 2);
  EXPECT_EQ(listen.connections_max, 10);
  EXPECT_EQ(listen.header_bytes_max, 1024);
  EXPECT_EQ(listen.body_bytes_max, 2048);
  EXPECT_EQ(listen.idle_timeout, Duration::seconds(1));
  EXPECT_EQ(listen.read_timeout, Duration::seconds(2));
  EXPECT_EQ(listen.write_timeout, Duration::seconds(3));
  EXPECT_EQ(listen.drain_grace, Duration{});
  EXPECT_TRUE(listen.proxy_protocol);
  EXPECT_EQ(config->identity.trusted_proxies.size(), 2u);
  EXPECT_EQ(config->identity.prefix_v6, 56);
  const auto& store = config->stores.at("default");
  EXPECT_EQ(store.max_keys, 5u);
  EXPECT_EQ(store.when_full, FullPolicy::kRefuse);
  EXPECT_EQ(store.snapshot, "s");
  EXPECT_EQ(store.snapshot_interval, Duration::seconds(5));
  EXPECT_EQ(config->identity.user.kind, identify::IdentitySource::Kind::kHeader);
  EXPECT_EQ(config->identity.workspace.name, "ws");
  EXPECT_EQ(config->identity.plan.kind, identify::IdentitySource::Kind::kClaim);
  EXPECT_EQ(config->identity.jwt.key_file, "keys.json");
  EXPECT_EQ(config->identity.jwt.issuer, "me");
  EXPECT_EQ(config->identity.jwt.audience, "you");
  EXPECT_EQ(config->identity.jwt.leeway, Duration::seconds(5));
  EXPECT_EQ(config->identity.api_keys, identify::ApiKeys::kCatalog);
  EXPECT_EQ(config->catalog.url, "postgres://rg@h/d");
  EXPECT_EQ(config->catalog.on_catalog_failure, OnCatalogFailure::kServeStale);
  EXPECT_EQ(config->catalog.stale_max, Duration::seconds(7));
  EXPECT_EQ(config->headers, HeaderStyle::kDraft6);
  EXPECT_EQ(config->log.format, LogFormat::kJson);
  EXPECT_EQ(config->log.level, LogLevel::kDebug);
  EXPECT_TRUE(config->log.access);
  EXPECT_EQ(config->data_dir, "/data");
}

TEST(Config, TheCatalogIsAFileInTheDataFolderUnlessToldOtherwise) {
  Config config;
  EXPECT_EQ(config.catalog_url(), "");
  EXPECT_EQ(config.catalog_file(), std::nullopt);
  config.data_dir = "/data";
  EXPECT_EQ(config.catalog_url(), "sqlite:/data/catalog.db");
  EXPECT_EQ(config.catalog_file(), "/data/catalog.db");
  config.catalog.url = "sqlite:/other";
  EXPECT_EQ(config.catalog_file(), "/other");
  config.catalog.url = "postgres://rg@h/d";
  EXPECT_EQ(config.catalog_url(), "postgres://rg@h/d");
  EXPECT_EQ(config.catalog_file(), std::nullopt);
  config.catalog.url = "off";
  EXPECT_EQ(config.catalog_url(), "");
}

TEST(Config, AnEmptyFileIsTheDefaults) {
  for (const char* text :
       {"", "# nothing\n", "---\n", "{}", "rules:\n", "listen:\nrules: []\n", "\xEF\xBB\xBFheaders: ietf\r\n"}) {
    const auto config = parse(text, "f");
    ASSERT_TRUE(config.has_value()) << text << config.error().to_string();
    EXPECT_TRUE(config->rules.empty());
    EXPECT_TRUE(config->stores.contains("default"));
  }
}

TEST(Config, AliasesAreTheAnchoredNodes) {
  const auto config = parse(
      "rules:\n  - {name: a, match: &m {path: [/x, /y]}, limit: &l 5/m}\n  - {name: b, match: *m, limit: *l}\n", "f");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->rules[1].match.paths, (std::vector<std::string>{"/x", "/y"}));
  EXPECT_EQ(config->rules[1].limit, config->rules[0].limit);
}

TEST(Config, MatchIsBroughtToOneSpelling) {
  const auto config =
      parse("rules: [{name: a, limit: 1/s, match: {method: [get, Post], host: [API.Example.com, \"*.X.y\"]}}]", "f");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->rules[0].match.methods, (std::vector<std::string>{"GET", "POST"}));
  EXPECT_EQ(config->rules[0].match.hosts, (std::vector<std::string>{"api.example.com", "*.x.y"}));
}

TEST(Config, LoadsAFile) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("rateguard_config_test_{}.yaml", getpid());
  std::ofstream(path) << kExample;
  const auto config = load(path.string());
  std::filesystem::remove(path);
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->path, path.string());
  EXPECT_EQ(config->rules.size(), 4u);
  EXPECT_EQ(load(path.string()).error().to_string(), path.string() + ": No such file or directory");
  EXPECT_EQ(load(path.string()).error().code, ErrorCode::kIo);
  EXPECT_EQ(load("/").error().code, ErrorCode::kIo);
}

TEST(Config, LoadsTenThousandRules) {
  std::string text = "rules:\n";
  for (int i = 0; i < 10'000; ++i) {
    text += fmt::format(
        "  - {{name: rule-{0}, match: {{methods: [GET, POST], path: \"/service/{0}/{{id}}/*\"}}, per: [ip, route], "
        "limit: {1}/m}}\n",
        i, i + 1);
  }
  const auto config = parse(text, "f");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->rules.size(), 10'000u);
  EXPECT_EQ(config->rules[9'999].limit->capacity, 10'000u);
  EXPECT_EQ(config->rules[9'999].position.line, 10'001);
}

}  // namespace
}  // namespace rateguard::config

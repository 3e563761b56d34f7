#include "config/settings_table.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "log/settings/log_settings.h"
#include "model/ip_address.h"
#include "server/settings/listen_settings.h"
#include "settings/setting_row.h"

namespace rateguard::config {
namespace {

constexpr int64_t kMilli = 1'000;
constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3'600'000'000;

// It is part of every key, and in Redis Cluster braces in it would choose a hash slot.
constexpr size_t kPrefixBytesMax = 64;

Result<void> check_prefix(std::string_view text) {
  const bool good = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == ':';
  });
  if (good && !text.empty() && text.size() <= kPrefixBytesMax) return {};
  return invalid("expected 1 to 64 letters, digits, '-', '_', '.' and ':'");
}

Result<void> check_service(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; })) return {};
  return invalid("expected printable ASCII without spaces");
}

// RFC 1035, section 2.3.4, bounds a name.
constexpr size_t kHostBytesMax = 255;

Result<void> check_server_name(std::string_view text) {
  const bool is_name = text.size() <= kHostBytesMax && !text.starts_with('.') && !text.starts_with('-') &&
                       std::ranges::all_of(text, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                c == '-' || c == '_' || c == '.';
                       });
  if (is_name || IpAddress::parse(text)) return {};
  return invalid("expected a host name or an IP address, without a port");
}

// The text may hold a password, so a message never shows it.
Result<void> check_catalog_url(std::string_view text) {
  constexpr std::string_view kSqlite = "sqlite:";
  const bool is_file = text.starts_with(kSqlite) && text.size() > kSqlite.size();
  const bool is_server = text.starts_with("postgres://") || text.starts_with("postgresql://");
  if (text.empty() || text == "off" || is_file || is_server) return {};
  return invalid("expected sqlite:FILE, postgres://USER@HOST/DATABASE or off");
}

// Rows of settings that have no module of their own yet.
using Row = SettingRow<const SettingTarget>;

constexpr auto kPeerRows = std::to_array<Row>({
    {.key = "listen.trusted_proxies",
     .fallback = "[]",
     .bounds = "addresses or prefixes, such as 10.0.0.0/8",
     .meaning = "Peers whose `Forwarded` and `X-Forwarded-For` are believed.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.identity.trusted_proxies; }},
    {.key = "listen.ipv6_prefix",
     .fallback = "64",
     .bounds = "1 to 128",
     .meaning = "How many bits of an IPv6 address name one caller.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.identity.prefix_v6; },
     .min = 1,
     .max = 128},
});

constexpr auto kStoreRows = std::to_array<Row>({
    {.key = "stores.NAME.type",
     .fallback = "memory",
     .bounds = "memory or redis",
     .meaning = "Where counters live: in this process, or in a Redis that several instances share.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->type; }},
    {.key = "stores.NAME.max_keys",
     .fallback = "1000000",
     .bounds = "1 to 4000000000",
     .meaning = "Counters at once; with redis, those kept here while it fails.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->max_keys; },
     .min = 1,
     .max = 4'000'000'000},
    {.key = "stores.NAME.when_full",
     .fallback = "evict",
     .bounds = "evict or refuse",
     .meaning = "What happens to a new counter when only live ones remain: the one nearest to being fresh is "
                "evicted, or the request is refused.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->when_full; }},
});

constexpr auto kMemoryRows = std::to_array<Row>({
    {.key = "stores.NAME.snapshot",
     .fallback = "",
     .bounds = "a file",
     .meaning = "memory: where counters are kept across a restart. Without one: in `data_dir`, where that is set.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->snapshot; }},
    {.key = "stores.NAME.snapshot_interval",
     .fallback = "60s",
     .bounds = "1s to 24h",
     .meaning = "memory: how often the snapshot is written.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->snapshot_interval; },
     .min = 1'000 * kMilli,
     .max = 24 * kHour},
});

constexpr auto kRedisRows = std::to_array<Row>({
    {.key = "stores.NAME.url",
     .fallback = "",
     .bounds = "redis://, rediss:// or unix://",
     .meaning = "redis: a server. `rediss` is TLS.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.url; },
     .alias = "RATEGUARD_REDIS"},
    {.key = "stores.NAME.sentinels",
     .fallback = "[]",
     .bounds = "redis:// or rediss:// URLs",
     .meaning = "redis: instead of `url`, the Sentinels that know the primary of `service`, with their own logins.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.sentinels; }},
    {.key = "stores.NAME.service",
     .fallback = "",
     .bounds = "text without spaces; with `sentinels`",
     .meaning = "redis: the name by which the Sentinels know the primary.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.service; },
     .check = check_service},
    {.key = "stores.NAME.cluster",
     .fallback = "[]",
     .bounds = "redis:// or rediss:// URLs, with one login",
     .meaning = "redis: instead of `url`, some nodes of a Redis Cluster; the others are learnt from them.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.cluster; }},
    {.key = "stores.NAME.user",
     .fallback = "",
     .bounds = "text",
     .meaning = "redis: who logs in at the servers that hold the data. Takes precedence over a user in the URL.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.user; }},
    {.key = "stores.NAME.password",
     .fallback = "",
     .bounds = "text",
     .meaning = "redis: with what. Takes precedence over a password in the URL.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.password; }},
    {.key = "stores.NAME.database",
     .fallback = "0",
     .bounds = "0 to 2147483647",
     .meaning =
         "redis: which database; a Cluster has 0 only. Takes precedence over a database in the URL unless it is 0.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.database; },
     .max = 2'147'483'647},
    {.key = "stores.NAME.tls.ca",
     .fallback = "",
     .bounds = "a PEM file; with `rediss`",
     .meaning = "redis: whose certificates are believed. Without one: those that the system believes.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.tls.ca; }},
    {.key = "stores.NAME.tls.certificate",
     .fallback = "",
     .bounds = "a PEM file; with `key`",
     .meaning = "redis: the certificate shown to a server that asks for one.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.tls.certificate; }},
    {.key = "stores.NAME.tls.key",
     .fallback = "",
     .bounds = "a PEM file; with `certificate`",
     .meaning = "redis: that certificate's private key.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.tls.key; }},
    {.key = "stores.NAME.tls_server_name",
     .fallback = "",
     .bounds = "a host name or an IP address; with `rediss`",
     .meaning = "redis: for whom each server's certificate has to be; sent along (SNI) where it is a name. Without "
                "one: for the host in the URL, or that a Cluster or a Sentinel tells of.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.tls_server_name; },
     .check = check_server_name},
    {.key = "stores.NAME.deadline",
     .fallback = "10ms",
     .bounds = "1ms to 10s",
     .meaning = "redis: how long a decision may take there before it is made here, by `on_store_failure`.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.deadline; },
     .min = kMilli,
     .max = 10'000 * kMilli},
    {.key = "stores.NAME.prefix",
     .fallback = "rg",
     .bounds = "1 to 64 letters, digits, '-', '_', '.' and ':'",
     .meaning = "redis: what every key begins with. Instances with the same one share their counters.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.prefix; },
     .check = check_prefix},
    {.key = "stores.NAME.secret",
     .fallback = "",
     .bounds = "text; the same on every instance",
     .meaning = "redis: makes the ids of holds unguessable.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.secret; }},
    {.key = "stores.NAME.on_store_failure",
     .fallback = "allow",
     .bounds = "allow, deny or local",
     .meaning = "redis: what limits that come with a request, not from a rule, get when it cannot be asked.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.on_store_failure; }},
    {.key = "stores.NAME.breaker.failures",
     .fallback = "5",
     .bounds = "1 to 1000",
     .meaning = "redis: after this many failures in a row it is not asked for a while.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.breaker_failures; },
     .min = 1,
     .max = 1'000},
    {.key = "stores.NAME.breaker.open_for",
     .fallback = "250ms",
     .bounds = "10ms to 60s",
     .meaning = "redis: for how long, give or take a fifth. Doubled up to 1s while it goes on failing.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.breaker_open_for; },
     .min = 10 * kMilli,
     .max = 60'000 * kMilli},
    {.key = "stores.NAME.sync_interval",
     .fallback = "100ms",
     .bounds = "10ms to 60s",
     .meaning = "redis: how often limits that are decided here, `consistency: sync`, are reconciled.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.store->redis.sync_interval; },
     .min = 10 * kMilli,
     .max = 60'000 * kMilli},
});

constexpr auto kIdentityRows = std::to_array<Row>({
    {.key = "identity.user",
     .fallback = "",
     .bounds = "header:NAME, cookie:NAME or jwt:CLAIM",
     .meaning = "Where the user is read from.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.identity.user; }},
    {.key = "identity.workspace",
     .fallback = "",
     .bounds = "header:NAME, cookie:NAME or jwt:CLAIM",
     .meaning = "Where the workspace is read from.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.identity.workspace; }},
    {.key = "identity.plan",
     .fallback = "",
     .bounds = "header:NAME, cookie:NAME or jwt:CLAIM",
     .meaning = "Where the plan is read from, for `by_plan`.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.identity.plan; }},
    {.key = "identity.api_keys",
     .fallback = "any",
     .bounds = "any or catalog",
     .meaning = "Which API keys there are: any text is one, or those of the catalog.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.identity.api_keys; }},
    {.key = "identity.jwt.key_file",
     .fallback = "",
     .bounds = "a file of PEM public keys or a JWK Set",
     .meaning = "The keys that verify tokens. Without one no token is believed.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.identity.jwt.key_file; }},
    {.key = "identity.jwt.issuer",
     .fallback = "",
     .bounds = "text",
     .meaning = "The `iss` that a token must have. Empty: any.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.identity.jwt.issuer; }},
    {.key = "identity.jwt.audience",
     .fallback = "",
     .bounds = "text",
     .meaning = "What a token's `aud` must contain. Empty: anything.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.identity.jwt.audience; }},
    {.key = "identity.jwt.leeway",
     .fallback = "60s",
     .bounds = "0s to 1h",
     .meaning = "How far the clocks of issuer and server may be apart.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.identity.jwt.leeway; },
     .max = kHour},
});

constexpr auto kCatalogRows = std::to_array<Row>({
    {.key = "catalog.url",
     .fallback = "",
     .bounds = "sqlite:FILE, postgres://USER@HOST/DATABASE or off",
     .meaning = "Where workspaces, API keys and plans are kept. Empty: in `catalog.db` in `data_dir`, where that "
                "is set.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.catalog.url; },
     .check = check_catalog_url},
    {.key = "catalog.on_catalog_failure",
     .fallback = "deny",
     .bounds = "deny or serve_stale",
     .meaning = "Callers whose keys are known, while the catalog cannot be asked: refused, or served as they "
                "were last known.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.catalog.on_catalog_failure; }},
    {.key = "catalog.stale_max",
     .fallback = "5s",
     .bounds = "2s to 1h",
     .meaning = "How long what is known of keys counts without hearing that it is still up to date.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.catalog.stale_max; },
     .min = 2 * kSecond,
     .max = kHour},
});

constexpr auto kAdminRows = std::to_array<Row>({
    {.key = "admin.listen",
     .fallback = "127.0.0.1:8088",
     .bounds = "HOST:PORT or off; port 0 picks a free one",
     .meaning = "Where the admin API is answered, if there is a catalog.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.listen.admin; }},
    {.key = "admin.public_url",
     .fallback = "",
     .bounds = "http:// or https:// and a host",
     .meaning = "How people reach the admin API. With https:// cookies are sent over TLS alone.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.admin.public_url; },
     .check = check_public_url},
    {.key = "admin.token",
     .fallback = "",
     .bounds = "at least 20 visible characters of ASCII",
     .meaning = "An owner's token for the admin API, for machines.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.admin.token; },
     .check = check_admin_token},
    {.key = "admin.token_file",
     .fallback = "",
     .bounds = "a file",
     .meaning = "A file with that token, in place of `token`.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.admin.token_file; }},
});

constexpr auto kHeaderRows = std::to_array<Row>({
    {.key = "headers",
     .fallback = "ietf",
     .bounds = "ietf, draft7, draft6, draft03, legacy or off",
     .meaning = "Which rate limit header fields answers carry.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.headers; }},
});

constexpr auto kEnvoyRows = std::to_array<Row>({
    {.key = "envoy.config",
     .fallback = "",
     .bounds = "a file, or a folder of .yaml and .yml files",
     .meaning = "Envoy's rate limit configuration, as envoyproxy/ratelimit has it. Without one nothing is loaded.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.config; }},
    {.key = "envoy.reload",
     .fallback = "true",
     .bounds = "true or false",
     .meaning = "Whether it is read again when it changes. SIGHUP reads it in any case.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.reload; }},
    {.key = "envoy.merge_domains",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "Files that name the same domain are merged, not rejected.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.merge_domains; }},
    {.key = "envoy.compat",
     .fallback = "off",
     .bounds = "off or envoyproxy",
     .meaning = "`envoyproxy`: refused requests count, as they do in envoyproxy/ratelimit.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.compat; }},
    {.key = "envoy.stop_increment_when_over_limit",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "A request that overruns one limit takes nothing from its others.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.stop_increment_when_over_limit; }},
    {.key = "envoy.shadow_mode",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "The overall answer is never OVER_LIMIT; each descriptor's still is.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.shadow_mode; }},
    {.key = "envoy.response_dynamic_metadata",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "Answers describe the request in `dynamic_metadata`.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.response_dynamic_metadata; }},
    {.key = "envoy.response_headers.enabled",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "Answers ask Envoy to add the next three fields to the response.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.response_headers.enabled; }},
    {.key = "envoy.response_headers.limit",
     .fallback = "RateLimit-Limit",
     .bounds = "the name of a field",
     .meaning = "Its value is the limit of the descriptor with the least left.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.response_headers.limit; }},
    {.key = "envoy.response_headers.remaining",
     .fallback = "RateLimit-Remaining",
     .bounds = "the name of a field",
     .meaning = "Its value is what that descriptor has left.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.response_headers.remaining; }},
    {.key = "envoy.response_headers.reset",
     .fallback = "RateLimit-Reset",
     .bounds = "the name of a field",
     .meaning = "Its value is the seconds until it is reset.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.envoy.response_headers.reset; }},
});

constexpr auto kDataRows = std::to_array<Row>({
    {.key = "data_dir",
     .fallback = "",
     .bounds = "a folder",
     .meaning = "Folder of snapshots without a path of their own. Empty: nothing is kept.",
     .field = [](const SettingTarget& t) -> FieldRef { return &t.config.data_dir; },
     .alias = "RATEGUARD_DATA"},
});

// Adds the rows of one struct; `section` is where that is in a configuration.
template <typename Settings>
void add(std::vector<Setting>& table, std::type_identity_t<std::span<const SettingRow<Settings>>> rows,
         Settings& (*section)(const SettingTarget& target), std::optional<StoreType> only_for = {}) {
  for (const SettingRow<Settings>& row : rows) {
    table.push_back({.key = row.key,
                     .fallback = row.fallback,
                     .bounds = row.bounds,
                     .meaning = row.meaning,
                     .field = [&row, section](const SettingTarget& target) { return row.field(section(target)); },
                     .min = row.min,
                     .max = row.max,
                     .alias = row.alias,
                     .only_for = only_for,
                     .check = row.check});
  }
}

// In the order of docs/configuration.md. Settings of one section stand together.
std::vector<Setting> whole_table() {
  std::vector<Setting> table;
  const auto all = [](const SettingTarget& target) -> const SettingTarget& { return target; };
  add<server::ListenSettings>(table, server::listen_setting_rows(),
                              [](const SettingTarget& t) -> server::ListenSettings& { return t.config.listen; });
  add<const SettingTarget>(table, kPeerRows, all);
  add<const SettingTarget>(table, kStoreRows, all);
  add<const SettingTarget>(table, kMemoryRows, all, StoreType::kMemory);
  add<const SettingTarget>(table, kRedisRows, all, StoreType::kRedis);
  add<const SettingTarget>(table, kIdentityRows, all);
  add<const SettingTarget>(table, kCatalogRows, all);
  add<const SettingTarget>(table, kAdminRows, all);
  add<const SettingTarget>(table, kHeaderRows, all);
  add<LogSettings>(table, log_setting_rows(), [](const SettingTarget& t) -> LogSettings& { return t.config.log; });
  add<const SettingTarget>(table, kEnvoyRows, all);
  add<const SettingTarget>(table, kDataRows, all);
  return table;
}

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> table = whole_table();
  return table;
}

}  // namespace rateguard::config

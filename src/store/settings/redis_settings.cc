#include "store/settings/redis_settings.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/result.h"
#include "model/ip_address.h"
#include "settings/choice.h"
#include "settings/field_kinds.h"

namespace rateguard {
namespace {

constexpr int64_t kMilli = 1'000;

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

constexpr Choice<OnStoreFailure> kOnStoreFailure[] = {
    {"allow", OnStoreFailure::kAllow}, {"deny", OnStoreFailure::kDeny}, {"local", OnStoreFailure::kLocal}};

// Url's messages never show a password, and so show nothing of the text. Empty takes it away, as the environment may.
Result<void> parse_url(std::optional<redis::Url>& field, std::string_view text, const FieldBounds&) {
  if (text.empty()) return set_field(field, Result<std::optional<redis::Url>>(std::nullopt));
  return set_field(field, Result<std::optional<redis::Url>>(redis::Url::parse(text)));
}
std::string print_url(const std::optional<redis::Url>& field) {
  return field ? field->to_string() : "none";
}

Result<redis::Url> url_of(std::string_view text, const FieldBounds&) {
  return redis::Url::parse(text);
}

}  // namespace

template <>
const FieldType& field_type<std::optional<redis::Url>>() {
  return kValueField<std::optional<redis::Url>, parse_url, print_url>;
}
template <>
const FieldType& field_type<std::vector<redis::Url>>() {
  return kListField<redis::Url, url_of>;
}
template <>
const FieldType& field_type<OnStoreFailure>() {
  return kChoiceField<OnStoreFailure, kOnStoreFailure>;
}

namespace {

constexpr auto kRedisRows = std::to_array<SettingRow<RedisSettings>>({
    {.key = "stores.NAME.url",
     .fallback = "",
     .bounds = "redis://, rediss:// or unix://",
     .meaning = "redis: a server. `rediss` is TLS.",
     .field = field_of<&RedisSettings::url>,
     .alias = "RATEGUARD_REDIS"},
    {.key = "stores.NAME.sentinels",
     .fallback = "[]",
     .bounds = "redis:// or rediss:// URLs",
     .meaning = "redis: instead of `url`, the Sentinels that know the primary of `service`, with their own logins.",
     .field = field_of<&RedisSettings::sentinels>},
    {.key = "stores.NAME.service",
     .fallback = "",
     .bounds = "text without spaces; with `sentinels`",
     .meaning = "redis: the name by which the Sentinels know the primary.",
     .field = field_of<&RedisSettings::service>,
     .check = check_service},
    {.key = "stores.NAME.cluster",
     .fallback = "[]",
     .bounds = "redis:// or rediss:// URLs, with one login",
     .meaning = "redis: instead of `url`, some nodes of a Redis Cluster; the others are learnt from them.",
     .field = field_of<&RedisSettings::cluster>},
    {.key = "stores.NAME.user",
     .fallback = "",
     .bounds = "text",
     .meaning = "redis: who logs in at the servers that hold the data. Takes precedence over a user in the URL.",
     .field = field_of<&RedisSettings::user>},
    {.key = "stores.NAME.password",
     .fallback = "",
     .bounds = "text",
     .meaning = "redis: with what. Takes precedence over a password in the URL.",
     .field = field_of<&RedisSettings::password>},
    {.key = "stores.NAME.database",
     .fallback = "0",
     .bounds = "0 to 2147483647",
     .meaning =
         "redis: which database; a Cluster has 0 only. Takes precedence over a database in the URL unless it is 0.",
     .field = field_of<&RedisSettings::database>,
     .max = 2'147'483'647},
    {.key = "stores.NAME.tls.ca",
     .fallback = "",
     .bounds = "a PEM file; with `rediss`",
     .meaning = "redis: whose certificates are believed. Without one: those that the system believes.",
     .field = field_of<&RedisSettings::tls, &net::TlsClientFiles::ca>},
    {.key = "stores.NAME.tls.certificate",
     .fallback = "",
     .bounds = "a PEM file; with `key`",
     .meaning = "redis: the certificate shown to a server that asks for one.",
     .field = field_of<&RedisSettings::tls, &net::TlsClientFiles::certificate>},
    {.key = "stores.NAME.tls.key",
     .fallback = "",
     .bounds = "a PEM file; with `certificate`",
     .meaning = "redis: that certificate's private key.",
     .field = field_of<&RedisSettings::tls, &net::TlsClientFiles::key>},
    {.key = "stores.NAME.tls_server_name",
     .fallback = "",
     .bounds = "a host name or an IP address; with `rediss`",
     .meaning = "redis: for whom each server's certificate has to be; sent along (SNI) where it is a name. Without "
                "one: for the host in the URL, or that a Cluster or a Sentinel tells of.",
     .field = field_of<&RedisSettings::tls_server_name>,
     .check = check_server_name},
    {.key = "stores.NAME.deadline",
     .fallback = "10ms",
     .bounds = "1ms to 10s",
     .meaning = "redis: how long a decision may take there before it is made here, by `on_store_failure`.",
     .field = field_of<&RedisSettings::deadline>,
     .min = kMilli,
     .max = 10'000 * kMilli},
    {.key = "stores.NAME.prefix",
     .fallback = "rg",
     .bounds = "1 to 64 letters, digits, '-', '_', '.' and ':'",
     .meaning = "redis: what every key begins with. Instances with the same one share their counters.",
     .field = field_of<&RedisSettings::prefix>,
     .check = check_prefix},
    {.key = "stores.NAME.secret",
     .fallback = "",
     .bounds = "text; the same on every instance",
     .meaning = "redis: makes the ids of holds unguessable.",
     .field = field_of<&RedisSettings::secret>},
    {.key = "stores.NAME.on_store_failure",
     .fallback = "allow",
     .bounds = "allow, deny or local",
     .meaning = "redis: what limits that come with a request, not from a rule, get when it cannot be asked.",
     .field = field_of<&RedisSettings::on_store_failure>},
    {.key = "stores.NAME.breaker.failures",
     .fallback = "5",
     .bounds = "1 to 1000",
     .meaning = "redis: after this many failures in a row it is not asked for a while.",
     .field = field_of<&RedisSettings::breaker_failures>,
     .min = 1,
     .max = 1'000},
    {.key = "stores.NAME.breaker.open_for",
     .fallback = "250ms",
     .bounds = "10ms to 60s",
     .meaning = "redis: for how long, give or take a fifth. Doubled up to 1s while it goes on failing.",
     .field = field_of<&RedisSettings::breaker_open_for>,
     .min = 10 * kMilli,
     .max = 60'000 * kMilli},
    {.key = "stores.NAME.sync_interval",
     .fallback = "100ms",
     .bounds = "10ms to 60s",
     .meaning = "redis: how often limits that are decided here, `consistency: sync`, are reconciled.",
     .field = field_of<&RedisSettings::sync_interval>,
     .min = 10 * kMilli,
     .max = 60'000 * kMilli},
});

}  // namespace

std::span<const SettingRow<RedisSettings>> redis_setting_rows() {
  return kRedisRows;
}

redis::Url RedisSettings::server() const {
  redis::Url server;
  if (url) {
    server = *url;
  } else if (!cluster.empty()) {
    server = cluster.front();
  } else {
    server.security = sentinels.empty() ? redis::Security::kPlain : sentinels.front().security;
  }
  if (!user.empty()) server.user = user;
  if (!password.empty()) server.password = password;
  if (database != 0) server.database = static_cast<uint32_t>(database);
  return server;
}

}  // namespace rateguard

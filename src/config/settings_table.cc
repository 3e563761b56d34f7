#include "config/settings_table.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "catalog/settings/catalog_settings.h"
#include "identify/settings.h"
#include "log/settings/log_settings.h"
#include "server/admin/settings/admin_settings.h"
#include "server/settings/listen_settings.h"
#include "settings/setting_row.h"
#include "store/settings/redis_settings.h"
#include "store/settings/store_settings.h"

namespace rateguard::config {
namespace {

constexpr int64_t kMilli = 1'000;
constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3'600'000'000;

// Rows of settings that have no module of their own yet.
using Row = SettingRow<const SettingTarget>;

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
  const auto identity = [](const SettingTarget& t) -> identify::Settings& { return t.config.identity; };
  const auto store_of = [](const SettingTarget& t) -> StoreSettings& { return *t.store; };
  const auto all = [](const SettingTarget& target) -> const SettingTarget& { return target; };
  add<server::ListenSettings>(table, server::listen_setting_rows(),
                              [](const SettingTarget& t) -> server::ListenSettings& { return t.config.listen; });
  add<identify::Settings>(table, identify::client_address_setting_rows(), identity);
  add<StoreSettings>(table, store_setting_rows(), store_of);
  add<StoreSettings>(table, snapshot_setting_rows(), store_of, StoreType::kMemory);
  add<RedisSettings>(
      table, redis_setting_rows(), [](const SettingTarget& t) -> RedisSettings& { return t.store->redis; },
      StoreType::kRedis);
  add<identify::Settings>(table, identify::identity_setting_rows(), identity);
  add<CatalogSettings>(table, catalog_setting_rows(),
                       [](const SettingTarget& t) -> CatalogSettings& { return t.config.catalog; });
  add<AdminSettings>(table, admin_setting_rows(),
                     [](const SettingTarget& t) -> AdminSettings& { return t.config.admin; });
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

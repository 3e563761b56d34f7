#include "config/settings_table.h"

#include <array>
#include <type_traits>
#include <vector>

#include "catalog/settings/catalog_settings.h"
#include "envoy/settings.h"
#include "identify/settings.h"
#include "log/settings/log_settings.h"
#include "model/header_style.h"
#include "server/admin/settings/admin_settings.h"
#include "server/settings/listen_settings.h"
#include "settings/choice.h"
#include "settings/field_kinds.h"
#include "settings/setting_row.h"
#include "store/settings/redis_settings.h"
#include "store/settings/store_settings.h"

namespace rateguard {
namespace {

constexpr Choice<HeaderStyle> kHeaderStyles[] = {{"ietf", HeaderStyle::kIetf},     {"draft7", HeaderStyle::kDraft7},
                                                 {"draft6", HeaderStyle::kDraft6}, {"draft03", HeaderStyle::kDraft03},
                                                 {"legacy", HeaderStyle::kLegacy}, {"off", HeaderStyle::kOff}};

}  // namespace

template <>
const FieldType& field_type<HeaderStyle>() {
  return kChoiceField<HeaderStyle, kHeaderStyles>;
}

}  // namespace rateguard

namespace rateguard::config {
namespace {

// Those that belong to no module: what the whole of an answer looks like, and the one folder of all files.
constexpr auto kHeaderRows = std::to_array<SettingRow<Config>>({
    {.key = "headers",
     .fallback = "ietf",
     .bounds = "ietf, draft7, draft6, draft03, legacy or off",
     .meaning = "Which rate limit header fields answers carry.",
     .field = field_of<&Config::headers>},
});
constexpr auto kDataRows = std::to_array<SettingRow<Config>>({
    {.key = "data_dir",
     .fallback = "",
     .bounds = "a folder",
     .meaning = "Folder of snapshots without a path of their own. Empty: nothing is kept.",
     .field = field_of<&Config::data_dir>,
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
  const auto whole = [](const SettingTarget& t) -> Config& { return t.config; };
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
  add<Config>(table, kHeaderRows, whole);
  add<LogSettings>(table, log_setting_rows(), [](const SettingTarget& t) -> LogSettings& { return t.config.log; });
  add<envoy::EnvoySettings>(table, envoy::envoy_setting_rows(),
                            [](const SettingTarget& t) -> envoy::EnvoySettings& { return t.config.envoy; });
  add<Config>(table, kDataRows, whole);
  return table;
}

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> table = whole_table();
  return table;
}

}  // namespace rateguard::config

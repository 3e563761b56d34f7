#include "catalog/settings/catalog_settings.h"

#include <array>
#include <string_view>

#include "base/result.h"
#include "settings/choice.h"
#include "settings/field_kinds.h"

namespace rateguard {
namespace {

constexpr Choice<OnCatalogFailure> kOnCatalogFailure[] = {{"deny", OnCatalogFailure::kDeny},
                                                          {"serve_stale", OnCatalogFailure::kServeStale}};

}  // namespace

template <>
const FieldType& field_type<OnCatalogFailure>() {
  return kChoiceField<OnCatalogFailure, kOnCatalogFailure>;
}

namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3'600'000'000;

// The text may hold a password, so a message never shows it.
Result<void> check_catalog_url(std::string_view text) {
  constexpr std::string_view kSqlite = "sqlite:";
  const bool is_file = text.starts_with(kSqlite) && text.size() > kSqlite.size();
  const bool is_server = text.starts_with("postgres://") || text.starts_with("postgresql://");
  if (text.empty() || text == "off" || is_file || is_server) return {};
  return invalid("expected sqlite:FILE, postgres://USER@HOST/DATABASE or off");
}

constexpr auto kCatalogRows = std::to_array<SettingRow<CatalogSettings>>({
    {.key = "catalog.url",
     .fallback = "",
     .bounds = "sqlite:FILE, postgres://USER@HOST/DATABASE or off",
     .meaning = "Where workspaces, API keys and plans are kept. Empty: in `catalog.db` in `data_dir`, where that "
                "is set.",
     .field = field_of<&CatalogSettings::url>,
     .check = check_catalog_url},
    {.key = "catalog.on_catalog_failure",
     .fallback = "deny",
     .bounds = "deny or serve_stale",
     .meaning = "Callers whose keys are known, while the catalog cannot be asked: refused, or served as they "
                "were last known.",
     .field = field_of<&CatalogSettings::on_catalog_failure>},
    {.key = "catalog.stale_max",
     .fallback = "5s",
     .bounds = "2s to 1h",
     .meaning = "How long what is known of keys counts without hearing that it is still up to date.",
     .field = field_of<&CatalogSettings::stale_max>,
     .min = 2 * kSecond,
     .max = kHour},
});

}  // namespace

std::span<const SettingRow<CatalogSettings>> catalog_setting_rows() {
  return kCatalogRows;
}

}  // namespace rateguard

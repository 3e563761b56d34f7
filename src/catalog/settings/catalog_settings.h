// The settings of the catalog: docs/configuration.md, `catalog`.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "model/instant.h"
#include "settings/setting_row.h"

namespace rateguard {

// What happens to callers whose keys are known, but not up to date, while the catalog cannot be asked.
enum class OnCatalogFailure : uint8_t {
  kDeny,        // they are refused until it can be asked again
  kServeStale,  // they go on as they were last known
};

struct CatalogSettings {
  // "sqlite:FILE" or "postgres://..."; "off"; empty: a file in the data folder, if there is one.
  std::string url = {};
  OnCatalogFailure on_catalog_failure = OnCatalogFailure::kDeny;
  // How long what is known of keys counts without hearing that it is still up to date.
  Duration stale_max = Duration::seconds(5);
};

std::span<const SettingRow<CatalogSettings>> catalog_setting_rows();

}  // namespace rateguard

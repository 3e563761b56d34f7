// The settings of a store: docs/configuration.md, `stores.NAME`.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "model/instant.h"
#include "settings/setting_row.h"
#include "store/settings/full_policy.h"
#include "store/settings/redis_settings.h"

namespace rateguard {

enum class StoreType : uint8_t { kMemory, kRedis };

struct StoreSettings {
  StoreType type = StoreType::kMemory;
  uint64_t max_keys = 1'000'000;  // in this process; with Redis: for the local shares of limits while it fails
  FullPolicy when_full = FullPolicy::kEvict;
  std::string snapshot = {};  // memory only; empty: none
  Duration snapshot_interval = Duration::seconds(60);
  RedisSettings redis = {};  // redis only
};

// Those that every store has, and those of one in memory only. Those of Redis are redis_setting_rows().
std::span<const SettingRow<StoreSettings>> store_setting_rows();
std::span<const SettingRow<StoreSettings>> snapshot_setting_rows();

}  // namespace rateguard

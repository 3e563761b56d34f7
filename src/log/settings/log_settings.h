// The settings of the log: docs/configuration.md, `log`.
#pragma once

#include <cstdint>
#include <span>

#include "settings/setting_row.h"

namespace rateguard {

enum class LogFormat : uint8_t { kText, kJson };
enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

struct LogSettings {
  LogFormat format = LogFormat::kText;
  LogLevel level = LogLevel::kInfo;
  bool access = false;  // a line per request; the front ends write it
};

std::span<const SettingRow<LogSettings>> log_setting_rows();

}  // namespace rateguard

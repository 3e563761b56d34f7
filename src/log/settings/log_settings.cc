#include "log/settings/log_settings.h"

#include <array>

#include "settings/choice.h"
#include "settings/field_kinds.h"

namespace rateguard {
namespace {

constexpr Choice<LogFormat> kLogFormats[] = {{"text", LogFormat::kText}, {"json", LogFormat::kJson}};
constexpr Choice<LogLevel> kLogLevels[] = {
    {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}, {"error", LogLevel::kError}};

}  // namespace

template <>
const FieldType& field_type<LogFormat>() {
  return kChoiceField<LogFormat, kLogFormats>;
}
template <>
const FieldType& field_type<LogLevel>() {
  return kChoiceField<LogLevel, kLogLevels>;
}

namespace {

constexpr auto kLogRows = std::to_array<SettingRow<LogSettings>>({
    {.key = "log.format",
     .fallback = "text",
     .bounds = "text or json",
     .meaning = "How log lines are written.",
     .field = field_of<&LogSettings::format>},
    {.key = "log.level",
     .fallback = "info",
     .bounds = "debug, info, warn or error",
     .meaning = "The least severe line that is written.",
     .field = field_of<&LogSettings::level>},
    {.key = "log.access",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "A line per request.",
     .field = field_of<&LogSettings::access>},
});

}  // namespace

std::span<const SettingRow<LogSettings>> log_setting_rows() {
  return kLogRows;
}

}  // namespace rateguard

#include "envoy/settings.h"

#include <array>

#include "settings/choice.h"
#include "settings/field_kinds.h"

namespace rateguard {
namespace {

using envoy::EnvoyCompat;

constexpr Choice<EnvoyCompat> kEnvoyCompat[] = {{"off", EnvoyCompat::kOff}, {"envoyproxy", EnvoyCompat::kEnvoyproxy}};

}  // namespace

template <>
const FieldType& field_type<EnvoyCompat>() {
  return kChoiceField<EnvoyCompat, kEnvoyCompat>;
}

}  // namespace rateguard

namespace rateguard::envoy {
namespace {

constexpr auto kEnvoyRows = std::to_array<SettingRow<EnvoySettings>>({
    {.key = "envoy.config",
     .fallback = "",
     .bounds = "a file, or a folder of .yaml and .yml files",
     .meaning = "Envoy's rate limit configuration, as envoyproxy/ratelimit has it. Without one nothing is loaded.",
     .field = field_of<&EnvoySettings::config>},
    {.key = "envoy.reload",
     .fallback = "true",
     .bounds = "true or false",
     .meaning = "Whether it is read again when it changes. SIGHUP reads it in any case.",
     .field = field_of<&EnvoySettings::reload>},
    {.key = "envoy.merge_domains",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "Files that name the same domain are merged, not rejected.",
     .field = field_of<&EnvoySettings::merge_domains>},
    {.key = "envoy.compat",
     .fallback = "off",
     .bounds = "off or envoyproxy",
     .meaning = "`envoyproxy`: refused requests count, as they do in envoyproxy/ratelimit.",
     .field = field_of<&EnvoySettings::compat>},
    {.key = "envoy.stop_increment_when_over_limit",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "A request that overruns one limit takes nothing from its others.",
     .field = field_of<&EnvoySettings::stop_increment_when_over_limit>},
    {.key = "envoy.shadow_mode",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "The overall answer is never OVER_LIMIT; each descriptor's still is.",
     .field = field_of<&EnvoySettings::shadow_mode>},
    {.key = "envoy.response_dynamic_metadata",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "Answers describe the request in `dynamic_metadata`.",
     .field = field_of<&EnvoySettings::response_dynamic_metadata>},
    {.key = "envoy.response_headers.enabled",
     .fallback = "false",
     .bounds = "true or false",
     .meaning = "Answers ask Envoy to add the next three fields to the response.",
     .field = field_of<&EnvoySettings::response_headers, &EnvoyHeaderNames::enabled>},
    {.key = "envoy.response_headers.limit",
     .fallback = "RateLimit-Limit",
     .bounds = "the name of a field",
     .meaning = "Its value is the limit of the descriptor with the least left.",
     .field = field_of<&EnvoySettings::response_headers, &EnvoyHeaderNames::limit>},
    {.key = "envoy.response_headers.remaining",
     .fallback = "RateLimit-Remaining",
     .bounds = "the name of a field",
     .meaning = "Its value is what that descriptor has left.",
     .field = field_of<&EnvoySettings::response_headers, &EnvoyHeaderNames::remaining>},
    {.key = "envoy.response_headers.reset",
     .fallback = "RateLimit-Reset",
     .bounds = "the name of a field",
     .meaning = "Its value is the seconds until it is reset.",
     .field = field_of<&EnvoySettings::response_headers, &EnvoyHeaderNames::reset>},
});

}  // namespace

std::span<const SettingRow<EnvoySettings>> envoy_setting_rows() {
  return kEnvoyRows;
}

}  // namespace rateguard::envoy

// The settings of Envoy's rate limit service: docs/configuration.md, `envoy`, and docs/envoy.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "settings/setting_row.h"

namespace rateguard::envoy {

// How charges count where the two differ: as RateGuard's do, or as envoyproxy/ratelimit's.
enum class EnvoyCompat : uint8_t { kOff, kEnvoyproxy };

struct EnvoyHeaderNames {
  bool enabled = false;
  std::string limit = "RateLimit-Limit";
  std::string remaining = "RateLimit-Remaining";
  std::string reset = "RateLimit-Reset";
};

struct EnvoySettings {
  std::string config = {};  // a file or a folder; empty: nothing is loaded
  bool reload = true;       // when its files change
  bool merge_domains = false;
  EnvoyCompat compat = EnvoyCompat::kOff;
  bool stop_increment_when_over_limit = false;
  bool shadow_mode = false;
  bool response_dynamic_metadata = false;
  EnvoyHeaderNames response_headers = {};
};

std::span<const SettingRow<EnvoySettings>> envoy_setting_rows();

}  // namespace rateguard::envoy

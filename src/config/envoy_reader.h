// Configuration files of Envoy's rate limit service: envoyproxy/ratelimit's, with what RateGuard adds to them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "envoy/rate_limit_spec.h"
#include "envoy/rate_limits.h"

namespace rateguard::config {

// Parses one file. Errors: kInvalid with file, line and column, in the words of envoyproxy/ratelimit where it rejects
// the same: broken YAML, a key that nobody knows or that is no string, a list of what is no map, a bad unit,
// `unlimited` with a unit; and, of what that has not, a store that is none of `stores` (Config::store_names(); empty:
// there is "default" alone). What concerns several descriptors is for RateLimits::compile().
Result<envoy::DomainSpec> parse_envoy(std::string_view yaml, const std::string& file_name,
                                      std::span<const std::string> stores = {});

// The files of a path: itself, or, of a folder, those in it whose names end in .yaml or .yml and do not begin with a
// dot, sorted; folders in it are not entered. Errors: kIo.
Result<std::vector<std::string>> envoy_files(const std::string& path);

// Reads and compiles all files of a path. Errors: kIo; as parse_envoy() and RateLimits::compile().
Result<std::shared_ptr<const envoy::RateLimits>> load_envoy(const std::string& path, envoy::SameDomain same_domain,
                                                            std::span<const std::string> stores = {});

}  // namespace rateguard::config

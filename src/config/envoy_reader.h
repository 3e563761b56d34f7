// Configuration files of Envoy's rate limit service: envoyproxy/ratelimit's, with RateGuard's additions.
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

// Parses one file. Errors: kInvalid with file, line and column, with envoyproxy/ratelimit's texts for what it rejects
// too: broken YAML, an unknown key or one that is not a string, a list of something else than maps, a bad unit,
// `unlimited` with a unit. Also an error is a store that is not one of `stores` (Config::store_names(); empty: only
// "default"). RateLimits::compile() checks descriptors against each other.
Result<envoy::DomainSpec> parse_envoy(std::string_view yaml, const std::string& file_name,
                                      std::span<const std::string> stores = {});

// The files of a path: itself, or those of a folder whose names end in .yaml or .yml and do not begin with a dot,
// sorted; subfolders are not entered. Errors: kIo.
Result<std::vector<std::string>> envoy_files(const std::string& path);

// Reads and compiles all files of a path. Errors: kIo; as parse_envoy() and RateLimits::compile().
Result<std::shared_ptr<const envoy::RateLimits>> load_envoy(const std::string& path, envoy::SameDomain same_domain,
                                                            std::span<const std::string> stores = {});

}  // namespace rateguard::config

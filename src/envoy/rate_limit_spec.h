// A configuration as its author wrote it, checked part by part but not yet compiled. config/ reads these from YAML;
// envoy/rate_limits.h compiles them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "envoy/rate_limit.h"
#include "envoy/value.h"
#include "model/limit.h"
#include "rules/rule.h"

namespace rateguard::envoy {

// The `rate_limit` of a descriptor.
struct RateLimitSpec {
  bool unlimited = false;          // then only `name` and `replaces` count
  uint32_t requests_per_unit = 0;  // 0 refuses everything
  Unit unit = Unit::kUnknown;      // as in answers; kUnknown for a period without a name
  Duration period = {};
  std::optional<Limit> limit = {};  // none: unlimited or banned
  std::string name = {};
  std::vector<std::string> replaces = {};
  rules::OnStoreFailure on_store_failure = rules::OnStoreFailure::kAllow;
  StoreNumber store = 0;  // that keeps its counters, among those of the configuration
};

struct DescriptorSpec {
  std::string key;
  std::string value = {};  // empty: any; with '*' a pattern
  std::optional<RateLimitSpec> rate_limit = {};
  bool shadow_mode = false;
  bool quota_mode = false;
  bool detailed_metric = false;
  bool value_to_metric = false;
  bool share_threshold = false;
  std::optional<Value> metadata = {};  // a struct
  std::vector<DescriptorSpec> descriptors = {};
  SourcePosition position = {};
};

// One file.
struct DomainSpec {
  std::string domain;
  bool atomic = false;  // all descriptors of a request are charged, or none
  std::vector<DescriptorSpec> descriptors = {};
  SourcePosition position = {};
};

}  // namespace rateguard::envoy

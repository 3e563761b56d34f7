// Short ways to write configurations and requests. For tests only.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "envoy/rate_limit.h"
#include "envoy/rate_limits.h"
#include "envoy/unit.h"

namespace rateguard::envoy {

inline RateLimitSpec per_unit(uint32_t requests, Unit unit) {
  RateLimitSpec spec{.requests_per_unit = requests, .unit = unit, .period = period_of(unit)};
  if (requests > 0) spec.limit = Limit::fixed_window(requests, spec.period).value();
  return spec;
}

inline RateLimitSpec unlimited() {
  return {.unlimited = true};
}

// A descriptor with a limit.
inline DescriptorSpec leaf(std::string key, std::string value, RateLimitSpec limit) {
  return {.key = std::move(key), .value = std::move(value), .rate_limit = std::move(limit)};
}

// A descriptor without a limit.
inline DescriptorSpec branch(std::string key, std::string value, std::vector<DescriptorSpec> descriptors = {}) {
  return {.key = std::move(key), .value = std::move(value), .descriptors = std::move(descriptors)};
}

inline Result<std::shared_ptr<const RateLimits>> compiled(std::vector<DescriptorSpec> descriptors,
                                                          bool atomic = false) {
  return RateLimits::compile({{.domain = "d", .atomic = atomic, .descriptors = std::move(descriptors)}},
                             SameDomain::kRejected);
}

using Pairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline Descriptor asking(Pairs pairs) {
  Descriptor out;
  for (const auto& [key, value] : pairs) out.entries.push_back({key, value});
  return out;
}

inline DescriptorRequest request(std::vector<Descriptor> descriptors, uint32_t hits_addend = 0) {
  return {.domain = "d", .descriptors = std::move(descriptors), .hits_addend = hits_addend};
}

}  // namespace rateguard::envoy

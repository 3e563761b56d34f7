// For fuzz targets: Envoy's configuration and RateGuard's rules, with something of each kind that a request can meet.
#pragma once

#include <memory>
#include <string_view>

#include "config/envoy_reader.h"
#include "envoy/policy.h"
#include "server/policy_for_fuzzing.h"
#include "server/rls/rate_limit_service.h"

namespace rateguard::grpc {

// Names of one letter, so that inputs find them; limits that a few hits overrun.
inline constexpr std::string_view kEnvoyDomain = R"(
domain: d
descriptors:
  - key: user
    rate_limit: {unit: hour, requests_per_unit: 2}
  - key: u
    value: n
    rate_limit: {unlimited: true}
  - key: b
    detailed_metric: true
    rate_limit: {unit: second, requests_per_unit: 3, algorithm: token_bucket, burst: 5}
  - key: g
    value_to_metric: true
    rate_limit: {unit: minute, requests_per_unit: 3, algorithm: gcra, burst: 4}
  - key: l
    rate_limit: {name: log, unit: day, requests_per_unit: 4, algorithm: sliding_window_log}
  - key: c
    metadata: {a: [1, {b: ~}], c: d}
    rate_limit: {name: counter, unit: week, requests_per_unit: 4, algorithm: sliding_window_counter, replaces: [{name: log}]}
  - key: w
    value: a*
    share_threshold: true
    rate_limit: {unit: month, requests_per_unit: 5}
  - key: w
    value: "*b*"
    rate_limit: {unit: year, requests_per_unit: 5, replaces: [{name: counter}, {name: log}]}
  - key: p
    value: q
    rate_limit: {unit: minute, requests_per_unit: 9}
    descriptors:
      - key: r
        shadow_mode: true
        rate_limit: {unit: minute, requests_per_unit: 1}
      - key: s
        quota_mode: true
        rate_limit: {unit: minute, requests_per_unit: 1}
      - key: z
        rate_limit: {unit: second, requests_per_unit: 0}
)";
inline constexpr std::string_view kAtomicDomain = R"(
domain: a
atomic: true
descriptors:
  - key: f
    rate_limit: {unit: hour, requests_per_unit: 2}
  - key: t
    rate_limit: {unit: hour, requests_per_unit: 2, algorithm: token_bucket, burst: 3}
  - key: h
    shadow_mode: true
    rate_limit: {unit: hour, requests_per_unit: 1, algorithm: sliding_window_log}
)";

// Says everything that an answer can carry, and counts as `counting` says.
inline void set_policies_for_fuzzing(rls::RateLimitService& service, envoy::Counting counting) {
  auto limits = envoy::RateLimits::compile(
      {config::parse_envoy(kEnvoyDomain, "d").value(), config::parse_envoy(kAtomicDomain, "a").value()},
      envoy::SameDomain::kRejected);
  const envoy::Answering answering{
      .counting = counting, .dynamic_metadata = true, .response_headers = envoy::HeaderNames{}};
  service.set_policy(
      {.limits = std::move(limits).value(), .answering = std::make_shared<const envoy::Answering>(answering)});
  service.set_rules(server::policy_for_fuzzing());
}

}  // namespace rateguard::grpc

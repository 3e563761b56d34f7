// ShouldRateLimit with its metrics, on one event loop: what every wire format of the service asks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "envoy/decider.h"
#include "envoy/policy.h"
#include "metrics/descriptor_labels.h"
#include "metrics/descriptor_metrics.h"
#include "server/decider.h"
#include "server/service.h"

namespace rateguard::rls {

// The domain whose descriptors name RateGuard's own rules, where Envoy's configuration has no domain of that name:
// {rule: NAME}, an optional {plan: PLAN}, then an entry for each thing that the rule counts by, whatever its key.
inline constexpr std::string_view kRulesDomain = "rateguard";

// One per event loop, and used on that loop's thread only. `service` outlives it.
class RateLimitService {
 public:
  RateLimitService(server::Service& service, const server::LoopStore& store);
  // On the service's own store.
  explicit RateLimitService(server::Service& service) : RateLimitService(service, {service.store}) {}
  RateLimitService(const RateLimitService&) = delete;
  RateLimitService& operator=(const RateLimitService&) = delete;

  // What counts from the next request on: app/ posts it to the loop after a reload. Until then nothing is loaded.
  void set_policy(envoy::Policy policy);
  bool has_policy() const { return policy_.limits != nullptr; }
  // The rules of kRulesDomain from the next request on. Until then there are none.
  void set_rules(Policy policy) { rules_.set_policy(std::move(policy)); }

  // Decides and counts. The response, and what it borrows, live until the next call of a member.
  // Errors: as envoy::Decider::decide, and for kRulesDomain as RuleSet::lookup; the message is the text for the caller.
  Result<const envoy::Response*> should_rate_limit(const envoy::Request& request, Instant now);

  // To be listed in metrics::Sources before the loops run; they live as long as this.
  const metrics::DescriptorMetrics& metrics() const { return *metrics_; }
  const metrics::LoopMetrics& rule_metrics() const { return *rule_metrics_; }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  bool asks_for_rules(const envoy::Request& request) const;
  Result<const envoy::Response*> check_rules(const envoy::Request& request, Instant now);
  Result<void> add_rule_check(const envoy::Descriptor& descriptor, uint32_t hits_addend);
  void count(const envoy::Tally& tally);
  uint16_t slot_of(const envoy::Tally& tally);

  std::unique_ptr<metrics::LoopMetrics> rule_metrics_;
  envoy::Decider decider_;
  server::Decider rules_;
  envoy::Response rules_response_;
  metrics::DescriptorLabels& labels_;
  std::unique_ptr<metrics::DescriptorMetrics> metrics_;
  envoy::Policy policy_;
  std::vector<uint16_t> slots_;  // by RateLimit::id
  // Slots of paths that requests made, so that a path asks for the labels' lock once.
  std::unordered_map<std::string, uint16_t, TextHash, std::equal_to<>> dynamic_slots_;
  bool labels_are_full_ = false;
};

}  // namespace rateguard::rls

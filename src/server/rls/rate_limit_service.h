// Envoy's rate limit service on one event loop: the state that all callers share. Each caller has a RateLimitDesk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "envoy/decider.h"
#include "envoy/policy.h"
#include "limiter/limiter.h"
#include "server/decision_metrics.h"
#include "server/rls/descriptor_labels.h"
#include "server/rls/descriptor_metrics.h"
#include "server/service.h"

namespace rateguard::rls {

// The domain whose descriptors name RateGuard's own rules, unless Envoy's configuration has a domain of that name:
// {rule: NAME}, an optional {plan: PLAN}, then an entry, with any key, for each part of the rule's key.
inline constexpr std::string_view kRulesDomain = "rateguard";

// What a decision uses from its beginning to its end, even if a reload happens meanwhile. Never changed once it is
// shared.
struct PolicyInForce {
  envoy::DescriptorPolicy policy = {};
  std::vector<uint16_t> slots = {};  // of the metrics, by RateLimit::id
  Policy rules = {};                 // for kRulesDomain; null: none yet
};

// One per event loop, and used on that loop's thread only. The arguments of its constructor outlive it.
class RateLimitService {
 public:
  RateLimitService(server::Service& service, const server::LoopStore& store, DescriptorLabels& labels);
  // On the service's own store.
  RateLimitService(server::Service& service, DescriptorLabels& labels)
      : RateLimitService(service, {service.store}, labels) {}
  RateLimitService(const RateLimitService&) = delete;
  RateLimitService& operator=(const RateLimitService&) = delete;

  // Sets the policy from the next request on: app/ posts this to the loop after a reload. Until then nothing is loaded.
  void set_policy(envoy::DescriptorPolicy policy);
  bool has_policy() const { return in_force_->policy.limits != nullptr; }
  // Sets the rules of kRulesDomain from the next request on. Until then there are none.
  void set_rules(Policy policy);

  // Where decisions run that may have to wait. Null: none has to wait.
  net::Tasks* tasks() const { return store_.tasks; }
  // Counts what was put in force: a desk's seats are by one of these.
  const uint64_t& policies() const { return policies_; }

  // For the DescriptorSource and the DecisionSource of the program; they live as long as this.
  const DescriptorMetrics& metrics() const { return *metrics_; }
  const server::DecisionMetrics& rule_metrics() const { return *rule_metrics_; }

 private:
  friend class RateLimitDesk;  // asks and counts

  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void count(const envoy::DescriptorTally& tally, const PolicyInForce& in_force);
  uint16_t slot_of(const envoy::DescriptorTally& tally, const PolicyInForce& in_force);

  server::Service& service_;
  server::LoopStore store_;
  DescriptorLabels& labels_;
  std::unique_ptr<server::DecisionMetrics> rule_metrics_;
  std::unique_ptr<DescriptorMetrics> metrics_;
  std::shared_ptr<const PolicyInForce> in_force_;  // never null
  uint64_t policies_ = 0;
  // Slots of paths that requests made, so that a path asks for the labels' lock once.
  std::unordered_map<std::string, uint16_t, TextHash, std::equal_to<>> dynamic_slots_;
  bool labels_are_full_ = false;
};

}  // namespace rateguard::rls

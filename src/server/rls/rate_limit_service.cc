#include "server/rls/rate_limit_service.h"

#include <utility>

namespace rateguard::rls {
namespace {

// A longer path, from a value that a request invented, gets no label.
constexpr size_t kPathMax = 256;

}  // namespace

RateLimitService::RateLimitService(server::Service& service, const server::LoopStore& store, DescriptorLabels& labels)
    : service_(service),
      store_(store),
      labels_(labels),
      rule_metrics_(std::make_unique<server::DecisionMetrics>()),
      metrics_(std::make_unique<DescriptorMetrics>()),
      in_force_(std::make_shared<PolicyInForce>()) {}

void RateLimitService::set_policy(envoy::DescriptorPolicy policy) {
  std::vector<uint16_t> slots;
  if (policy.limits != nullptr) {
    for (const envoy::RateLimit& limit : policy.limits->limits()) {
      slots.push_back(labels_.slot(limit.path));
    }
  }
  in_force_ = std::make_shared<PolicyInForce>(std::move(policy), std::move(slots), in_force_->rules);
  ++policies_;
}

void RateLimitService::set_rules(Policy policy) {
  in_force_ = std::make_shared<PolicyInForce>(in_force_->policy, in_force_->slots, std::move(policy));
  ++policies_;
}

void RateLimitService::count(const envoy::DescriptorTally& tally, const PolicyInForce& in_force) {
  DescriptorCounters& counters = metrics_->descriptors[slot_of(tally, in_force)];
  counters.total_hits.add(tally.total);
  counters.within_limit.add(tally.within);
  counters.near_limit.add(tally.near);
  counters.over_limit.add(tally.over);
  counters.shadow_mode.add(tally.shadowed);
  counters.given_back.add(tally.given_back);
  if (tally.debt_is_cut) counters.debts_cut.add();
}

uint16_t RateLimitService::slot_of(const envoy::DescriptorTally& tally, const PolicyInForce& in_force) {
  if (tally.limit == nullptr) return kOverrideDescriptorSlot;
  if (tally.path.empty()) return in_force.slots[tally.limit->id];
  if (tally.path.size() > kPathMax) return kOtherDescriptorSlot;
  if (const auto known = dynamic_slots_.find(tally.path); known != dynamic_slots_.end()) return known->second;
  if (labels_are_full_) return kOtherDescriptorSlot;
  const uint16_t slot = labels_.slot(tally.path);
  labels_are_full_ = slot == kOtherDescriptorSlot;
  if (!labels_are_full_) dynamic_slots_.emplace(tally.path, slot);
  return slot;
}

}  // namespace rateguard::rls

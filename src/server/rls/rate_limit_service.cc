#include "server/rls/rate_limit_service.h"

#include <utility>

namespace rateguard::rls {
namespace {

// A longer path, of a value that a request made up, gets no label of its own.
constexpr size_t kPathMax = 256;

}  // namespace

RateLimitService::RateLimitService(server::Service& service, const server::LoopStore& store)
    : rule_metrics_(std::make_unique<metrics::LoopMetrics>()),
      decider_(store.store, store.on_failure),
      rules_(service, store, *rule_metrics_),
      labels_(service.descriptor_labels),
      metrics_(std::make_unique<metrics::DescriptorMetrics>()) {}

void RateLimitService::set_policy(envoy::Policy policy) {
  slots_.clear();
  if (policy.limits != nullptr) {
    for (const envoy::RateLimit& limit : policy.limits->limits()) slots_.push_back(labels_.slot(limit.path));
  }
  policy_ = std::move(policy);
}

Result<const envoy::Response*> RateLimitService::should_rate_limit(const envoy::Request& request, Instant now) {
  if (asks_for_rules(request)) return check_rules(request, now);
  auto response = decider_.decide(policy_, request, now);
  if (!response) {
    metrics_->errors.add();
    return response;
  }
  ((*response)->overall == envoy::Code::kOverLimit ? metrics_->over_limit : metrics_->ok).add();
  if (decider_.was_shadowed()) metrics_->global_shadow.add();
  for (const envoy::Tally& tally : decider_.tallies()) count(tally);
  return response;
}

void RateLimitService::count(const envoy::Tally& tally) {
  metrics::DescriptorCounters& counters = metrics_->descriptors[slot_of(tally)];
  counters.total_hits.add(tally.total);
  counters.within_limit.add(tally.within);
  counters.near_limit.add(tally.near);
  counters.over_limit.add(tally.over);
  counters.shadow_mode.add(tally.shadowed);
}

uint16_t RateLimitService::slot_of(const envoy::Tally& tally) {
  if (tally.limit == nullptr) return metrics::kOverrideDescriptorSlot;
  if (tally.path.empty()) return slots_[tally.limit->id];
  if (tally.path.size() > kPathMax) return metrics::kOtherDescriptorSlot;
  if (const auto known = dynamic_slots_.find(tally.path); known != dynamic_slots_.end()) return known->second;
  if (labels_are_full_) return metrics::kOtherDescriptorSlot;
  const uint16_t slot = labels_.slot(tally.path);
  labels_are_full_ = slot == metrics::kOtherDescriptorSlot;
  if (!labels_are_full_) dynamic_slots_.emplace(tally.path, slot);
  return slot;
}

}  // namespace rateguard::rls

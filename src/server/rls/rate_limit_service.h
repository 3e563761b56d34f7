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
#include "store/store.h"

namespace rateguard::rls {

// One per event loop, and used on that loop's thread only. `store` and `labels` outlive it.
class RateLimitService {
 public:
  RateLimitService(Store& store, metrics::DescriptorLabels& labels);
  RateLimitService(const RateLimitService&) = delete;
  RateLimitService& operator=(const RateLimitService&) = delete;

  // What counts from the next request on: app/ posts it to the loop after a reload. Until then nothing is loaded.
  void set_policy(envoy::Policy policy);
  bool has_policy() const { return policy_.limits != nullptr; }

  // Decides and counts. The response, and what it borrows, live until the next call of a member.
  // Errors: as envoy::Decider::decide; the message is the text for the caller.
  Result<const envoy::Response*> should_rate_limit(const envoy::Request& request, Instant now);

  // To be listed in metrics::Sources before the loops run; lives as long as this.
  const metrics::DescriptorMetrics& metrics() const { return *metrics_; }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void count(const envoy::Tally& tally);
  uint16_t slot_of(const envoy::Tally& tally);

  envoy::Decider decider_;
  metrics::DescriptorLabels& labels_;
  std::unique_ptr<metrics::DescriptorMetrics> metrics_;
  envoy::Policy policy_;
  std::vector<uint16_t> slots_;  // by RateLimit::id
  // Slots of paths that requests made, so that a path asks for the labels' lock once.
  std::unordered_map<std::string, uint16_t, TextHash, std::equal_to<>> dynamic_slots_;
  bool labels_are_full_ = false;
};

}  // namespace rateguard::rls

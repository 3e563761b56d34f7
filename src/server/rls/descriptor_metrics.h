// What one event loop answered as Envoy's rate limit service.
#pragma once

#include <array>
#include <cstdint>

#include "base/counter.h"
#include "server/rls/descriptor_labels.h"

namespace rateguard::rls {

// Hits by descriptor, under the names that envoyproxy/ratelimit gives them.
struct DescriptorCounters {
  Counter total_hits;
  Counter within_limit;
  Counter near_limit;
  Counter over_limit;
  Counter shadow_mode;
  Counter given_back;
  Counter debts_cut;  // requests, not hits: those whose debt was kept in part
};

// Written by its loop's thread only; read by any.
struct DescriptorMetrics {
  std::array<DescriptorCounters, kDescriptorSlots> descriptors;
  Counter ok;  // requests by overall_code
  Counter over_limit;
  Counter errors;         // no domain, no descriptors, nothing loaded, the store
  Counter global_shadow;  // answered OK for nothing but shadow_mode of the service
};

}  // namespace rateguard::rls

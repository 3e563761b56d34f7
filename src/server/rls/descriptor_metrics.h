// What one event loop answered as Envoy's rate limit service.
#pragma once

#include <array>
#include <cstdint>

#include "base/counter.h"
#include "server/rls/descriptor_labels.h"

namespace rateguard::rls {

// Hits by descriptor, with envoyproxy/ratelimit's names.
struct DescriptorCounters {
  Counter total_hits;
  Counter within_limit;
  Counter near_limit;
  Counter over_limit;
  Counter shadow_mode;
  Counter given_back;
  Counter debts_cut;  // requests, not hits: those of whose debt only a part was kept
};

// Written only by its loop's thread; read by any.
struct DescriptorMetrics {
  std::array<DescriptorCounters, kDescriptorSlots> descriptors;
  Counter ok;  // requests by overall_code
  Counter over_limit;
  Counter errors;         // no domain, no descriptors, nothing loaded, the store
  Counter global_shadow;  // answered OK only because of the service's shadow_mode
};

}  // namespace rateguard::rls

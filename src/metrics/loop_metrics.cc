#include "metrics/loop_metrics.h"

#include <algorithm>

namespace rateguard::metrics {

void LoopMetrics::count_response(size_t route, int status) {
  const auto found = std::lower_bound(kStatuses.begin(), kStatuses.end() - 1, status);
  const auto index = static_cast<size_t>(found - kStatuses.begin());
  responses_[route][*found == status ? index : kStatuses.size() - 1].add();
}

void LoopMetrics::record_request(size_t route, Duration took) {
  const int64_t us = std::max<int64_t>(took.us, 0);
  // Most are in the first buckets, where looking at each is quicker than halving.
  size_t bucket = 0;
  while (bucket < kRequestBounds_us.size() && us > kRequestBounds_us[bucket]) ++bucket;
  requests_[route].buckets[bucket].add();
  requests_[route].sum_us.add(static_cast<uint64_t>(us));
}

void LoopMetrics::record_latency(int64_t ns) {
  const auto bound = std::lower_bound(kLatencyBounds_ns.begin(), kLatencyBounds_ns.end(), ns);
  latency_[static_cast<size_t>(bound - kLatencyBounds_ns.begin())].add();
  latency_sum_ns_.add(static_cast<uint64_t>(std::max<int64_t>(ns, 0)));
}

}  // namespace rateguard::metrics

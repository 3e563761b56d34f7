#include "server/decision_metrics.h"

#include <algorithm>

namespace rateguard::server {

void DecisionMetrics::record_latency(int64_t ns) {
  const auto bound = std::lower_bound(kLatencyBounds_ns.begin(), kLatencyBounds_ns.end(), ns);
  latency_[static_cast<size_t>(bound - kLatencyBounds_ns.begin())].add();
  latency_sum_ns_.add(static_cast<uint64_t>(std::max<int64_t>(ns, 0)));
}

}  // namespace rateguard::server

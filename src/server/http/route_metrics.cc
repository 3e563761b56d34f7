#include "server/http/route_metrics.h"

#include <algorithm>

namespace rateguard::http_api {

void RouteMetrics::count_response(size_t route, int status) {
  const auto found = std::lower_bound(kStatuses.begin(), kStatuses.end() - 1, status);
  const auto index = static_cast<size_t>(found - kStatuses.begin());
  responses_[route][*found == status ? index : kStatuses.size() - 1].add();
}

void RouteMetrics::record_request(size_t route, Duration took) {
  const int64_t us = std::max<int64_t>(took.us, 0);
  // Most are in the first buckets, where looking at each is quicker than halving.
  size_t bucket = 0;
  while (bucket < kRequestBounds_us.size() && us > kRequestBounds_us[bucket]) ++bucket;
  requests_[route].buckets[bucket].add();
  requests_[route].sum_us.add(static_cast<uint64_t>(us));
}

}  // namespace rateguard::http_api

// The requests that one event loop has answered over HTTP, by route.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/counter.h"
#include "model/instant.h"

namespace rateguard::http_api {

// Upper bounds of the buckets of requests' durations, in microseconds: from an answer out of memory to a request that
// waited for as long as a client does.
inline constexpr std::array<int64_t, 14> kRequestBounds_us = {
    25, 50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 100'000, 250'000, 1'000'000, 10'000'000};

// The statuses that the server gives; anything else is counted with the last one.
inline constexpr std::array<int, 23> kStatuses = {200, 204, 400, 401, 403, 404, 405, 408, 409, 411, 413, 414,
                                                  415, 417, 421, 422, 426, 429, 431, 500, 501, 503, 505};

// Routes are counted by their index in the server's table.
inline constexpr size_t kRoutesMax = 32;

// Written by its loop's thread only; read by any.
class RouteMetrics {
 public:
  // REQUIRES: route < kRoutesMax.
  void count_response(size_t route, int status);
  uint64_t responses(size_t route, size_t status_index) const { return responses_[route][status_index].value(); }

  // How long a request took, from when its head was there until all of its answer had been handed to the kernel.
  // REQUIRES: route < kRoutesMax.
  void record_request(size_t route, Duration took);
  // Requests of a route timed in bucket i, not cumulated; the last is what lies above every bound.
  uint64_t request_bucket(size_t route, size_t i) const { return requests_[route].buckets[i].value(); }
  uint64_t request_sum_us(size_t route) const { return requests_[route].sum_us.value(); }

 private:
  struct RequestTimes {
    std::array<Counter, kRequestBounds_us.size() + 1> buckets;
    Counter sum_us;
  };

  std::array<std::array<Counter, kStatuses.size()>, kRoutesMax> responses_;
  std::array<RequestTimes, kRoutesMax> requests_;
};

}  // namespace rateguard::http_api

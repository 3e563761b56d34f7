// The counters of one event loop.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/counter.h"
#include "metrics/rule_labels.h"
#include "model/instant.h"

namespace rateguard::metrics {

// What became of the requests that a rule was asked about.
struct RuleCounters {
  Counter allowed;         // enforced: the request was admitted; shadow: the rule would have admitted it
  Counter blocked;         // this rule refused it
  Counter shadow_blocked;  // in shadow mode this rule would have refused it
  Counter degraded;        // decided by its on_store_failure, since its store could not be asked
  Counter debts_cut;       // charged to it whole (`overdraft`) and kept in part, since a counter cannot owe more
};

// Upper bounds of the latency buckets, in nanoseconds: from a lookup in the processor's cache to a stall of the
// machine.
inline constexpr std::array<int64_t, 14> kLatencyBounds_ns = {
    100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 10'000'000};

// One decision in so many is timed: reading the clock twice costs as much as a quarter of a decision.
inline constexpr uint32_t kLatencySampling = 64;

// Upper bounds of the buckets of requests' durations, in microseconds: from an answer out of memory to a request that
// waited for as long as a client does.
inline constexpr std::array<int64_t, 14> kRequestBounds_us = {
    25, 50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 100'000, 250'000, 1'000'000, 10'000'000};

// The statuses that the server gives; anything else is counted with the last one.
inline constexpr std::array<int, 23> kStatuses = {200, 204, 400, 401, 403, 404, 405, 408, 409, 411, 413, 414,
                                                  415, 417, 421, 422, 426, 429, 431, 500, 501, 503, 505};

// Routes are counted by their place in the server's table.
inline constexpr size_t kRoutesMax = 32;

// Written by its loop's thread only; read by any.
class LoopMetrics {
 public:
  RuleCounters& rule(RuleSlot slot) { return rules_[slot.index]; }
  const RuleCounters& rule(RuleSlot slot) const { return rules_[slot.index]; }

  void count_admitted() { admitted_.add(); }
  void count_refused() { refused_.add(); }
  uint64_t admitted() const { return admitted_.value(); }
  uint64_t refused() const { return refused_.value(); }

  // REQUIRES: route < kRoutesMax.
  void count_response(size_t route, int status);
  uint64_t responses(size_t route, size_t status_index) const { return responses_[route][status_index].value(); }

  // How long a request took, from when its head was there until all of its answer had been handed to the kernel.
  // REQUIRES: route < kRoutesMax.
  void record_request(size_t route, Duration took);
  // Requests of a route timed in bucket i, not cumulated; the last is what lies above every bound.
  uint64_t request_bucket(size_t route, size_t i) const { return requests_[route].buckets[i].value(); }
  uint64_t request_sum_us(size_t route) const { return requests_[route].sum_us.value(); }

  // Whether the next decision is one to be timed.
  bool sample_latency() { return (latency_tick_++ % kLatencySampling) == 0; }
  void record_latency(int64_t ns);
  // Decisions timed in bucket i, not cumulated; the last is what lies above every bound.
  uint64_t latency_bucket(size_t i) const { return latency_[i].value(); }
  uint64_t latency_sum_ns() const { return latency_sum_ns_.value(); }

 private:
  struct RequestTimes {
    std::array<Counter, kRequestBounds_us.size() + 1> buckets;
    Counter sum_us;
  };

  std::array<RuleCounters, kRuleSlots> rules_;
  std::array<std::array<Counter, kStatuses.size()>, kRoutesMax> responses_;
  std::array<RequestTimes, kRoutesMax> requests_;
  std::array<Counter, kLatencyBounds_ns.size() + 1> latency_;
  Counter latency_sum_ns_;
  Counter admitted_;
  Counter refused_;
  uint32_t latency_tick_ = 0;
};

}  // namespace rateguard::metrics

// What one event loop has decided, by rule and by verdict, and how long it took.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/counter.h"
#include "server/rule_labels.h"

namespace rateguard::server {

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

// One decision in kLatencySampling is timed: reading the clock twice costs as much as a quarter of a decision.
inline constexpr uint32_t kLatencySampling = 64;

// Written by its loop's thread only; read by any.
class DecisionMetrics {
 public:
  RuleCounters& rule(RuleSlot slot) { return rules_[slot.index]; }
  const RuleCounters& rule(RuleSlot slot) const { return rules_[slot.index]; }

  void count_admitted() { admitted_.add(); }
  void count_refused() { refused_.add(); }
  uint64_t admitted() const { return admitted_.value(); }
  uint64_t refused() const { return refused_.value(); }

  // Whether the next decision is one to be timed.
  bool sample_latency() { return (latency_tick_++ % kLatencySampling) == 0; }
  void record_latency(int64_t ns);
  // Decisions timed in bucket i, not cumulated; the last is what lies above every bound.
  uint64_t latency_bucket(size_t i) const { return latency_[i].value(); }
  uint64_t latency_sum_ns() const { return latency_sum_ns_.value(); }

 private:
  std::array<RuleCounters, kRuleSlots> rules_;
  std::array<Counter, kLatencyBounds_ns.size() + 1> latency_;
  Counter latency_sum_ns_;
  Counter admitted_;
  Counter refused_;
  uint32_t latency_tick_ = 0;
};

}  // namespace rateguard::server

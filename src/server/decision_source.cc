#include "server/decision_source.h"

#include <array>
#include <string>

namespace rateguard::server {
namespace {

struct RuleFigure {
  const char* name;
  const char* help;
  Counter RuleCounters::* counter;
};

constexpr RuleFigure kRuleFigures[] = {
    {"rateguard_requests_allowed_total", "Requests admitted that this rule was asked about.", &RuleCounters::allowed},
    {"rateguard_requests_blocked_total", "Requests that this rule refused.", &RuleCounters::blocked},
    {"rateguard_requests_shadow_blocked_total", "Requests that this rule, in shadow mode, would have refused.",
     &RuleCounters::shadow_blocked},
    {"rateguard_requests_degraded_total",
     "Requests that this rule's on_store_failure decided, since its store could not be asked.",
     &RuleCounters::degraded},
    {"rateguard_debts_cut_total",
     "Charges to this rule (overdraft) that were kept in part, since a counter cannot owe more.",
     &RuleCounters::debts_cut},
};

template <typename Read>
uint64_t sum(const std::vector<const DecisionMetrics*>& loops, Read read) {
  uint64_t total = 0;
  for (const DecisionMetrics* const loop : loops) total += read(*loop);
  return total;
}

constexpr auto kLatencyBounds_s = [] {
  std::array<double, kLatencyBounds_ns.size()> bounds{};
  for (size_t i = 0; i < bounds.size(); ++i) bounds[i] = static_cast<double>(kLatencyBounds_ns[i]) / 1e9;
  return bounds;
}();

}  // namespace

void DecisionSource::report(metrics::Writer& out) const {
  out.begin(metrics::MetricKind::kCounter, "rateguard_decisions_total",
            "Requests decided, by the answer that was given.");
  out.sample({{"verdict", "allowed"}}, sum(loops_, [](const auto& loop) { return loop.admitted(); }));
  out.sample({{"verdict", "blocked"}}, sum(loops_, [](const auto& loop) { return loop.refused(); }));
  const std::vector<std::string> names = labels_.names();
  for (const RuleFigure& figure : kRuleFigures) {
    out.begin(metrics::MetricKind::kCounter, figure.name, figure.help);
    for (uint16_t i = 0; i < names.size(); ++i) {
      out.sample({{"rule", names[i]}},
                 sum(loops_, [&](const auto& loop) { return (loop.rule(RuleSlot{i}).*figure.counter).value(); }));
    }
  }
}

void DecisionTimeSource::report(metrics::Writer& out) const {
  std::array<uint64_t, kLatencyBounds_ns.size() + 1> counts{};
  for (size_t i = 0; i < counts.size(); ++i) {
    counts[i] = sum(decisions_.loops(), [&](const auto& loop) { return loop.latency_bucket(i); });
  }
  const uint64_t sum_ns = sum(decisions_.loops(), [](const auto& loop) { return loop.latency_sum_ns(); });
  out.begin(metrics::MetricKind::kHistogram, "rateguard_decision_duration_seconds",
            "How long a decision took, parsing and answering excluded. One decision in 64 is timed.");
  out.sample({}, {.bounds = kLatencyBounds_s, .counts = counts, .sum = static_cast<double>(sum_ns) / 1e9});
}

}  // namespace rateguard::server

#include "server/rls/descriptor_source.h"

#include <string>

namespace rateguard::rls {
namespace {

struct DescriptorFigure {
  const char* name;
  const char* help;
  Counter DescriptorCounters::* member;
};

constexpr DescriptorFigure kDescriptorFigures[] = {
    {"rateguard_envoy_total_hits_total", "Hits on this descriptor.", &DescriptorCounters::total_hits},
    {"rateguard_envoy_within_limit_total", "Hits that were admitted.", &DescriptorCounters::within_limit},
    {"rateguard_envoy_near_limit_total", "Hits above four fifths of the limit.", &DescriptorCounters::near_limit},
    {"rateguard_envoy_over_limit_total", "Hits that were over the limit.", &DescriptorCounters::over_limit},
    {"rateguard_envoy_shadow_mode_total", "Hits over the limit that the descriptor's shadow_mode let pass.",
     &DescriptorCounters::shadow_mode},
    {"rateguard_envoy_given_back_total", "Hits that requests gave back (is_negative_hits).",
     &DescriptorCounters::given_back},
    {"rateguard_envoy_debts_cut_total",
     "Requests whose hits on this descriptor (overdraft) were kept in part, since a counter cannot owe more.",
     &DescriptorCounters::debts_cut},
};

uint64_t sum(const std::vector<const DescriptorMetrics*>& loops, Counter DescriptorMetrics::* counter) {
  uint64_t total = 0;
  for (const DescriptorMetrics* const loop : loops) total += (loop->*counter).value();
  return total;
}

}  // namespace

void DescriptorSource::report(metrics::Writer& out) const {
  out.begin(metrics::MetricKind::kCounter, "rateguard_envoy_requests_total",
            "Requests to Envoy's rate limit service, by overall_code.");
  out.sample({{"code", "ok"}}, sum(loops_, &DescriptorMetrics::ok));
  out.sample({{"code", "over_limit"}}, sum(loops_, &DescriptorMetrics::over_limit));
  out.sample({{"code", "error"}}, sum(loops_, &DescriptorMetrics::errors));
  out.counter("rateguard_envoy_global_shadow_total", "Requests answered OK only because of envoy.shadow_mode.",
              sum(loops_, &DescriptorMetrics::global_shadow));
  const std::vector<std::string> names = labels_.names();
  for (const DescriptorFigure& figure : kDescriptorFigures) {
    out.begin(metrics::MetricKind::kCounter, figure.name, figure.help);
    for (size_t i = 0; i < names.size(); ++i) {
      uint64_t total = 0;
      for (const DescriptorMetrics* const loop : loops_) total += (loop->descriptors[i].*figure.member).value();
      out.sample({{"descriptor", names[i]}}, total);
    }
  }
}

}  // namespace rateguard::rls

#include "server/store_source.h"

namespace rateguard::server {
namespace {

using metrics::MetricKind;

struct StoreFigure {
  MetricKind kind;
  const char* name;
  const char* help;
  uint64_t StoreStats::* member;
};

constexpr StoreFigure kStoreFigures[] = {
    {MetricKind::kGauge, "rateguard_store_keys", "Counters held.", &StoreStats::keys},
    {MetricKind::kGauge, "rateguard_store_keys_max", "Counters that may be held (max_keys).", &StoreStats::keys_max},
    {MetricKind::kGauge, "rateguard_store_memory_bytes", "Total memory that the counters occupy.",
     &StoreStats::memory_bytes},
    {MetricKind::kCounter, "rateguard_store_expired_total", "Counters dropped because they equalled fresh ones.",
     &StoreStats::expired},
    {MetricKind::kCounter, "rateguard_store_evicted_total",
     "Counters dropped before they expired, because the store was full.", &StoreStats::evicted},
    {MetricKind::kCounter, "rateguard_store_refused_full_total", "Requests refused because no room could be made.",
     &StoreStats::refused_full},
};

}  // namespace

void StoreSource::report(metrics::Writer& out) const {
  const StoreStats stats = store_.stats();
  for (const StoreFigure& figure : kStoreFigures) {
    out.begin(figure.kind, figure.name, figure.help);
    out.sample({{"store", name_}}, stats.*figure.member);
  }
}

}  // namespace rateguard::server

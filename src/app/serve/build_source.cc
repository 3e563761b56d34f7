#include "app/serve/build_source.h"

#include "app/build/build.h"
#include "app/serve/time_zones.h"

namespace rateguard::app {

void BuildSource::report(metrics::Writer& out) const {
  out.begin(metrics::MetricKind::kGauge, "rateguard_time_zones_info",
            "Always 1; the label says which release of the time zone database is in use.");
  out.sample({{"version", time_zones_version()}}, uint64_t{1});
  out.begin(metrics::MetricKind::kGauge, "rateguard_build_info", "Always 1; the labels say what is running.");
  out.sample({{"version", version_number()}}, uint64_t{1});
}

}  // namespace rateguard::app

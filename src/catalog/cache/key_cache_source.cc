#include "catalog/cache/key_cache_source.h"

namespace rateguard::catalog {

void KeyCacheSource::report(metrics::Writer& out) const {
  const KeyCacheFigures figures = cache_.figures();
  out.gauge("rateguard_catalog_keys", "API keys of the catalog that this instance knows.", figures.keys);
  out.gauge("rateguard_catalog_unknown_keys", "Keys that nobody has, remembered as such.", figures.unknown);
  out.begin(metrics::MetricKind::kCounter, "rateguard_catalog_lookups_total",
            "API keys that were looked up, by what came of it.");
  out.sample({{"result", "hit"}}, figures.hits);
  out.sample({{"result", "unknown"}}, figures.unknown_hits);
  out.sample({{"result", "miss"}}, figures.misses);
  out.sample({{"result", "stale"}}, figures.stale);
  out.sample({{"result", "failure"}}, figures.failures);
  out.counter("rateguard_catalog_loads_total", "Reads of the catalog's database for an API key.", figures.loads);
  out.counter("rateguard_catalog_forgotten_total", "Keys that were forgotten because they had changed.",
              figures.forgotten);
  out.gauge("rateguard_catalog_revision", "The catalog's revision that this instance has applied.",
            static_cast<uint64_t>(figures.revision));
}

}  // namespace rateguard::catalog

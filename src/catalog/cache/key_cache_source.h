// The figures of the key cache: docs/metrics.md.
#pragma once

#include "catalog/cache/key_cache.h"
#include "metrics/source.h"

namespace rateguard::catalog {

class KeyCacheSource final : public metrics::Source {
 public:
  // `cache` outlives it.
  explicit KeyCacheSource(const KeyCache& cache) : cache_(cache) {}
  void report(metrics::Writer& out) const override;

 private:
  const KeyCache& cache_;
};

}  // namespace rateguard::catalog

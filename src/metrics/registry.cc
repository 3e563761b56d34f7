#include "metrics/registry.h"

namespace rateguard::metrics {

std::string Registry::text(Instant now) const {
  Writer out(now);
  for (const Source* const source : sources_) source->report(out);
  return out.text();
}

}  // namespace rateguard::metrics

// How snapshots of the counters went: the figures of a scrape.
#pragma once

#include <cstdint>
#include <optional>

#include "base/mutex.h"
#include "metrics/source.h"
#include "model/instant.h"

namespace rateguard::server {

// Any thread.
class SnapshotMetrics final : public metrics::Source {
 public:
  // Snapshots are due from now on.
  void begin(Instant now);
  void count_success(Instant now, uint64_t bytes);
  void count_failure();

  std::optional<Instant> last_success() const;
  void report(metrics::Writer& out) const override;

 private:
  mutable Mutex mutex_;
  Instant begun_ RG_GUARDED_BY(mutex_) = {};
  std::optional<Instant> last_success_ RG_GUARDED_BY(mutex_) = {};
  uint64_t last_bytes_ RG_GUARDED_BY(mutex_) = 0;
  uint64_t failures_ RG_GUARDED_BY(mutex_) = 0;
};

}  // namespace rateguard::server

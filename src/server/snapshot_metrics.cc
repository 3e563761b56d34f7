#include "server/snapshot_metrics.h"

#include <algorithm>

namespace rateguard::server {

void SnapshotMetrics::begin(Instant now) {
  const HeldLock lock(mutex_);
  begun_ = now;
}

void SnapshotMetrics::count_success(Instant now, uint64_t bytes) {
  const HeldLock lock(mutex_);
  last_success_ = now;
  last_bytes_ = bytes;
}

void SnapshotMetrics::count_failure() {
  const HeldLock lock(mutex_);
  ++failures_;
}

std::optional<Instant> SnapshotMetrics::last_success() const {
  const HeldLock lock(mutex_);
  return last_success_;
}

void SnapshotMetrics::report(metrics::Writer& out) const {
  const HeldLock lock(mutex_);
  // From the start on: an alarm on an age that is absent until the first success could not tell of a disk that has
  // never taken one.
  const int64_t age_us = std::max<int64_t>(0, (out.now() - last_success_.value_or(begun_)).us);
  out.gauge("rateguard_snapshot_age_seconds",
            "Time since counters were last written to disk; before the first time, since the start.",
            static_cast<double>(age_us) / 1e6);
  out.gauge("rateguard_snapshot_bytes", "Size of the last snapshot.", last_bytes_);
  out.counter("rateguard_snapshot_failures_total", "Snapshots that could not be written.", failures_);
}

}  // namespace rateguard::server

// How loads of the configuration went: the figures of a scrape.
#pragma once

#include <cstdint>
#include <optional>

#include "base/mutex.h"
#include "metrics/source.h"
#include "model/instant.h"

namespace rateguard::server {

// Reloads of the rules. Any thread.
class ReloadMetrics final : public metrics::Source {
 public:
  void count_success(Instant now);
  // What is on disk is not in force until a reload succeeds.
  void count_failure();

  void report(metrics::Writer& out) const override;

 private:
  mutable Mutex mutex_;
  uint64_t successes_ RG_GUARDED_BY(mutex_) = 0;
  uint64_t failures_ RG_GUARDED_BY(mutex_) = 0;
  std::optional<Instant> last_success_ RG_GUARDED_BY(mutex_) = {};
  bool last_failed_ RG_GUARDED_BY(mutex_) = false;
};

// Loads of Envoy's rate limit configuration, the first included. Any thread.
class EnvoyLoadMetrics final : public metrics::Source {
 public:
  void count_success();
  void count_failure();

  void report(metrics::Writer& out) const override;

 private:
  mutable Mutex mutex_;
  uint64_t successes_ RG_GUARDED_BY(mutex_) = 0;
  uint64_t failures_ RG_GUARDED_BY(mutex_) = 0;
};

}  // namespace rateguard::server

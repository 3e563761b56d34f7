#include "server/load_metrics.h"

namespace rateguard::server {

void ReloadMetrics::count_success(Instant now) {
  const HeldLock lock(mutex_);
  ++successes_;
  last_success_ = now;
  last_failed_ = false;
}

void ReloadMetrics::count_failure() {
  const HeldLock lock(mutex_);
  ++failures_;
  last_failed_ = true;
}

void ReloadMetrics::report(metrics::Writer& out) const {
  const HeldLock lock(mutex_);
  out.begin(metrics::MetricKind::kCounter, "rateguard_reloads_total", "Reloads of the rules, by result.");
  out.sample({{"result", "success"}}, successes_);
  out.sample({{"result", "failure"}}, failures_);
  if (last_success_) {
    out.gauge("rateguard_reload_last_success_timestamp_seconds",
              "When rules were last loaded, in seconds since the Unix epoch.",
              static_cast<double>(last_success_->us) / 1e6);
  }
  out.gauge("rateguard_config_last_reload_successful",
            "0 while the configuration on disk is not in force because the last reload of it failed, 1 otherwise.",
            uint64_t{last_failed_ ? 0U : 1U});
}

void EnvoyLoadMetrics::count_success() {
  const HeldLock lock(mutex_);
  ++successes_;
}

void EnvoyLoadMetrics::count_failure() {
  const HeldLock lock(mutex_);
  ++failures_;
}

void EnvoyLoadMetrics::report(metrics::Writer& out) const {
  const HeldLock lock(mutex_);
  out.begin(metrics::MetricKind::kCounter, "rateguard_envoy_config_loads_total",
            "Loads of Envoy's rate limit configuration, by result.");
  out.sample({{"result", "success"}}, successes_);
  out.sample({{"result", "failure"}}, failures_);
}

}  // namespace rateguard::server

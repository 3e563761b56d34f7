#include "server/rls/decider.h"

namespace rateguard::rls {

Decider::Decider(RateLimitService& service)
    : service_(service),
      decider_(service.store_.store, service.store_.on_failure),
      rules_(service.service_, service.store_, *service.rule_metrics_) {
  use_what_is_in_force();
}

void Decider::use_what_is_in_force() {
  in_force_ = service_.in_force_;
  if (in_force_->rules.rules != nullptr) rules_.set_policy(in_force_->rules);
}

void Decider::note_error() {
  service_.metrics_->errors.add();
}

Result<const envoy::Response*> Decider::decide(const envoy::Request& request, Now now) {
  if (!is_current()) use_what_is_in_force();
  if (asks_for_rules(request)) return check_rules(request, now);
  metrics::DescriptorMetrics& metrics = *service_.metrics_;
  auto response = decider_.decide(in_force_->policy, request, now);
  if (!response) {
    metrics.errors.add();
    return response;
  }
  ((*response)->overall == envoy::Code::kOverLimit ? metrics.over_limit : metrics.ok).add();
  if (decider_.was_shadowed()) metrics.global_shadow.add();
  for (const envoy::Tally& tally : decider_.tallies()) service_.count(tally, *in_force_);
  return response;
}

}  // namespace rateguard::rls

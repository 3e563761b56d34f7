#include "server/rls/rate_limit_desk.h"

#include <utility>

namespace rateguard::rls {
namespace {

int64_t signed_hits(const envoy::DescriptorTally& tally) {
  return tally.given_back == 0 ? static_cast<int64_t>(tally.total) : -static_cast<int64_t>(tally.given_back);
}

}  // namespace

RateLimitDesk::RateLimitDesk(RateLimitService& service)
    : service_(service),
      decider_(service.store_.store, service.store_.on_failure),
      rules_(service.service_, service.store_, *service.rule_metrics_) {
  rules_.set_door(door_);
  use_what_is_in_force();
}

void RateLimitDesk::use_what_is_in_force() {
  in_force_ = service_.in_force_;
  if (in_force_->rules.rules != nullptr) rules_.set_policy(in_force_->rules);
}

void RateLimitDesk::note_error() {
  service_.metrics_->errors.add();
}

Result<const envoy::Response*> RateLimitDesk::decide(const envoy::DescriptorRequest& request, Now now) {
  if (!is_current()) use_what_is_in_force();
  if (asks_for_rules(request)) return check_rules(request, now);
  DescriptorMetrics& metrics = *service_.metrics_;
  auto response = decider_.decide(in_force_->policy, request, now);
  if (!response) {
    metrics.errors.add();
    return response;
  }
  if (!decider_.was_left()) record(request, **response, now);
  return response;
}

// The one place that every decision about Envoy's descriptors passes, once. Those about rules pass CheckDesk's.
void RateLimitDesk::record(const envoy::DescriptorRequest& request, const envoy::Response& response, Instant now) {
  DescriptorMetrics& metrics = *service_.metrics_;
  (response.overall == envoy::Code::kOverLimit ? metrics.over_limit : metrics.ok).add();
  if (decider_.was_shadowed()) metrics.global_shadow.add();
  for (const envoy::DescriptorTally& tally : decider_.tallies()) service_.count(tally, *in_force_);
  if (service_.service_.settings.access_log) note(request.descriptors.size(), response);
  if (service_.store_.recorder != nullptr) tell_recorder(now);
}

void RateLimitDesk::tell_recorder(Instant now) {
  for (const envoy::DescriptorTally& tally : decider_.tallies()) {
    service_.store_.recorder->tell({.door = door_,
                                    .at = now,
                                    .verdict = tally.refuses ? Verdict::kRefused : Verdict::kAdmitted,
                                    .degraded = tally.degraded,
                                    .rule = tally.limit != nullptr ? tally.limit->path : std::string_view(),
                                    .counter = tally.key,
                                    .cost = signed_hits(tally)});
  }
}

// A limit is named by its path in the configuration, which contains no value of a request.
void RateLimitDesk::note(size_t descriptors, const envoy::Response& response) {
  note_ = {.decisions = static_cast<int64_t>(descriptors)};
  if (response.overall == envoy::Code::kOverLimit) note_.verdict = Verdict::kRefused;
  const envoy::DescriptorTally* deciding = nullptr;
  for (const envoy::DescriptorTally& tally : decider_.tallies()) {
    const bool first_refusal = tally.refuses && note_.refused++ == 0;
    note_.degraded = note_.degraded || tally.degraded;
    if (deciding == nullptr || first_refusal) deciding = &tally;
  }
  if (deciding == nullptr) return;
  if (deciding->limit != nullptr) note_.rule = deciding->limit->path;
  if (!deciding->key.empty()) note_.subject = server::subject_tag(deciding->key);
  note_.cost = signed_hits(*deciding);
}

server::DecisionNote RateLimitDesk::take_note() {
  server::DecisionNote of_rules = rules_.take_note();
  if (of_rules.decisions != 0) return of_rules;
  return std::exchange(note_, {});
}

}  // namespace rateguard::rls

// RateGuard's own rules, asked for over Envoy's rate limit service.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "envoy/unit.h"
#include "server/rls/rate_limit_desk.h"

namespace rateguard::rls {
namespace {

constexpr std::string_view kRuleEntry = "rule";
constexpr std::string_view kPlanEntry = "plan";

// As the message has it, whose numbers have 32 bits.
uint32_t saturated(uint64_t units) {
  return static_cast<uint32_t>(std::min<uint64_t>(units, UINT32_MAX));
}

envoy::DescriptorStatus status_of(const server::Answer& answer) {
  envoy::DescriptorStatus status{.code = answer.allowed ? envoy::Code::kOk : envoy::Code::kOverLimit};
  if (answer.deciding == nullptr) {  // an unlimited plan, or a rule in shadow mode
    status.limit_remaining = UINT32_MAX;
    return status;
  }
  const server::AnswerLine& line = *answer.deciding;
  const Rate& rate = line.limit->rate;
  const envoy::UnitCount units = envoy::units_of(rate.period);
  status.current_limit = {.requests_per_unit = saturated(rate.units),
                          .unit = units.unit,
                          .unit_multiplier = units.multiplier,
                          .name = line.rule};
  status.limit_remaining = saturated(line.decision.remaining);
  const Duration wait = answer.allowed ? line.decision.reset_after : line.decision.retry_after;
  if (wait != Duration::never()) status.until_reset = wait;
  return status;
}

}  // namespace

bool RateLimitDesk::asks_for_rules(const envoy::DescriptorRequest& request) const {
  if (request.domain != kRulesDomain || request.descriptors.empty() || in_force_->rules.rules == nullptr) return false;
  return in_force_->policy.limits == nullptr || !in_force_->policy.limits->find_domain(kRulesDomain);
}

// Checks the descriptors one by one, in order.
Result<const envoy::Response*> RateLimitDesk::check_rules(const envoy::DescriptorRequest& request, Now now) {
  if (auto bounded = envoy::check_bounds(request); !bounded) {
    service_.metrics_->errors.add();
    return std::unexpected(std::move(bounded.error()));
  }
  rules_.clear();
  for (const envoy::Descriptor& descriptor : request.descriptors) {
    if (auto added = add_rule_check(descriptor, request.hits_addend); !added) {
      service_.metrics_->errors.add();
      return std::unexpected(std::move(added.error()));
    }
  }
  rules_.run(now);
  envoy::Response& response = rules_response_;
  response.overall = envoy::Code::kOk;
  response.statuses.clear();
  for (size_t i = 0; i < request.descriptors.size(); ++i) {
    const server::Answer answer = rules_.answer(i);
    if (answer.undecided()) {
      service_.metrics_->errors.add();
      return fail(ErrorCode::kUnavailable, "the counters cannot be reached");
    }
    response.statuses.push_back(status_of(answer));
    if (response.statuses.back().code == envoy::Code::kOverLimit) response.overall = envoy::Code::kOverLimit;
  }
  (response.overall == envoy::Code::kOverLimit ? service_.metrics_->over_limit : service_.metrics_->ok).add();
  return &response;
}

Result<void> RateLimitDesk::add_rule_check(const envoy::Descriptor& descriptor, uint32_t hits_addend) {
  if (descriptor.entries.empty() || descriptor.entries.front().key != kRuleEntry) {
    return invalid(fmt::format("a descriptor of domain \"{}\" begins with the entry {{rule: NAME}}", kRulesDomain));
  }
  if (descriptor.limit) return invalid("a descriptor that names a rule must not have its own limit");
  const uint64_t hits = descriptor.hits_addend ? *descriptor.hits_addend : std::max(1U, hits_addend);
  std::array<std::string_view, server::kKeyPartsMax> parts;
  size_t count = 0;
  server::RuleCheck check{
      .rule = descriptor.entries.front().value,
      .key = {},
      .plan = {},
      .cost = {std::min(hits, kUnitsMax + 1), descriptor.is_negative_hits ? Movement::kGiveBack : Movement::kTake}};
  for (size_t i = 1; i < descriptor.entries.size(); ++i) {
    const envoy::Entry& entry = descriptor.entries[i];
    if (i == 1 && entry.key == kPlanEntry) {
      check.plan = entry.value;
    } else if (count == parts.size()) {
      return invalid(fmt::format("a rule counts by at most {} things", parts.size()));
    } else {
      parts[count++] = entry.value;
    }
  }
  check.key = std::span(parts).first(count);
  const auto added = rules_.add(check);
  if (!added) return std::unexpected(added.error());
  const auto& limit = rules_.direct(*added).limit;
  if (limit && limit->algorithm == Algorithm::kConcurrency) {
    return invalid(fmt::format("rule '{}' limits concurrency, and this service cannot give a hold back: ask over HTTP",
                               check.rule));
  }
  return {};
}

}  // namespace rateguard::rls

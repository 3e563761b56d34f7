#include "server/direct_check.h"

#include <fmt/format.h>

#include "rules/cost_table.h"
#include "store/counter_key.h"

namespace rateguard::server {

DirectCheck& DirectChecks::next() {
  if (count_ == checks_.size()) checks_.emplace_back();
  checks_[count_].basis = Basis::kCounter;
  return checks_[count_];
}

size_t DirectChecks::add(const AdHocCheck& check) {
  DirectCheck& direct = next();
  CounterKey::begin_ad_hoc(direct.key, check.limit.algorithm);
  CounterKey::append_part(direct.key, check.key);
  direct.rule.reset();
  direct.limit = check.limit;
  direct.mode = Mode::kEnforce;
  direct.terms = {.on_failure = on_failure_};
  direct.cost = cost_on(check.limit, check.cost);
  return count_++;
}

Result<size_t> DirectChecks::add(const RuleCheck& check, const Policy& policy) {
  DirectCheck& direct = next();
  const int prefix_v6 = policy.identifier->settings().prefix_v6;
  const auto match = policy.rules->lookup(check.rule, check.key, check.plan, prefix_v6, direct.key);
  if (!match) return std::unexpected(match.error());
  const bool holds = match->limit != nullptr && match->limit->algorithm == Algorithm::kConcurrency;
  if (holds && check.cost.movement == Movement::kGiveBack) {
    return invalid(
        fmt::format("rule '{}' limits concurrency: a hold is released by its id, not by a negative cost", check.rule));
  }
  direct.rule = match->rule;
  direct.limit.reset();
  if (match->limit != nullptr) direct.limit = *match->limit;
  direct.mode = match->mode;
  direct.terms = match->terms;
  direct.cost = rules::weighed(check.cost, match->cost.units);
  if (check.purpose == Purpose::kDecide && match->limit != nullptr) {
    direct.cost = cost_on(*match->limit, direct.cost);
  }
  return count_++;
}

void DirectChecks::run(Now now) {
  charges_.clear();
  for (size_t i = 0; i < count_; ++i) {
    const DirectCheck& check = checks_[i];
    if (!check.limit) continue;
    charges_.push_back(
        {.key = check.key, .limit = &*check.limit, .cost = check.cost, .mode = check.mode, .terms = check.terms});
  }
  if (charges_.empty()) return;
  if (charges_.size() == 1) {
    store_.charge({charges_}, now);
  } else {
    groups_.clear();
    for (Charge& charge : charges_) groups_.push_back({{&charge, 1}});
    store_.charge_batch(groups_, now);
  }
  size_t charged = 0;
  for (size_t i = 0; i < count_; ++i) {
    if (!checks_[i].limit) continue;
    checks_[i].basis = charges_[charged].basis;
    checks_[i].decision = charges_[charged++].decision;
  }
}

}  // namespace rateguard::server

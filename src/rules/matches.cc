#include "rules/matches.h"

#include <algorithm>
#include <tuple>

namespace rateguard::rules {

void Matches::clear() {
  limits_.clear();
  key_places_.clear();
  key_bytes_.clear();
  own_limits_.clear();
  rejected_by_.reset();
  missing_part_ = {};
  exempted_by_.reset();
  uncounted_.clear();
  of_groups_.clear();
}

void Matches::reject(RuleId rule, std::string_view missing) {
  if (rejected_by_ && *rejected_by_ < rule) return;
  rejected_by_ = rule;
  missing_part_ = missing;
}

void Matches::settle_groups() {
  std::ranges::sort(of_groups_, {}, [](const OfGroup& one) { return std::tuple(one.group, one.place, one.rule); });
  bool settled = false;   // for a shadow rule: whether another comes first
  bool enforced = false;  // whether another enforced one comes first
  for (size_t i = 0; i < of_groups_.size(); ++i) {
    OfGroup& one = of_groups_[i];
    if (i > 0 && of_groups_[i - 1].group != one.group) settled = enforced = false;
    one.applies = one.mode == Mode::kShadow ? !settled : !enforced;
    if (one.says == OfGroup::Says::kNothing) continue;  // the rule leaves the request to the next one
    settled = true;
    enforced |= one.mode == Mode::kEnforce;
    if (one.applies && one.says == OfGroup::Says::kRejects && one.mode == Mode::kEnforce) reject(one.rule, one.missing);
  }
  std::ranges::sort(of_groups_, {}, &OfGroup::rule);
  size_t kept = 0;
  for (size_t i = 0; i < limits_.size(); ++i) {
    if (is_passed_over(limits_[i].rule)) continue;
    limits_[kept] = limits_[i];
    key_places_[kept++] = key_places_[i];
  }
  limits_.resize(kept);
  key_places_.resize(kept);
  std::erase_if(uncounted_, [&](const UncountedRule& one) { return is_passed_over(one.rule); });
}

// REQUIRES: of_groups_ is in the order of the rules.
bool Matches::is_passed_over(RuleId rule) const {
  const auto found = std::ranges::lower_bound(of_groups_, rule, {}, &OfGroup::rule);
  return found != of_groups_.end() && found->rule == rule && !found->applies;
}

void Matches::point_at_keys() {
  for (size_t i = 0; i < limits_.size(); ++i) {
    const auto [begin, end, own_limit] = key_places_[i];
    limits_[i].key = std::string_view(key_bytes_).substr(begin, end - begin);
    if (own_limit > 0) limits_[i].limit = &own_limits_[own_limit - 1];
  }
}

}  // namespace rateguard::rules

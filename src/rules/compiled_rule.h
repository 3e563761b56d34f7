// One rule made ready for matching.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/request_facts.h"
#include "model/subject.h"
#include "rules/compiled_limit.h"
#include "rules/conditions.h"
#include "rules/cost_table.h"
#include "rules/effective_limit.h"
#include "rules/named_limits.h"
#include "rules/rule.h"
#include "rules/rule_check.h"
#include "store/store.h"

namespace rateguard::rules {

// What a rule found out about one request.
struct Identified {
  enum class Result : uint8_t { kCounted, kSkipped, kRejected };
  Result result = Result::kCounted;
  std::string_view missing = {};  // set if it is not counted
};

// A limit of a caller's own, in place of a rule's.
struct LimitInPlace {
  const CompiledLimit* counted_as = nullptr;  // one of the rule's, whose counter it shares
  std::optional<Limit> limit = {};            // nullopt: unlimited
  LimitOwner owner = LimitOwner::kKey;
};

// Immutable after it is made. Borrows from the Rule, which outlives it.
class alignas(64) CompiledRule {
 public:
  // REQUIRES: check_rule(rule) succeeded. `methods` is the set of its methods, bit by bit (MethodTable); 0: any.
  // `group` is the number of its group; 0: none.
  CompiledRule(const Rule& rule, uint64_t methods, uint32_t group);

  bool is_on() const { return rule_->mode != RuleMode::kOff; }
  Mode mode() const { return mode_; }
  // Without the hash tag, which depends on the other rules too.
  const Terms& terms() const { return terms_; }
  // What it counts by, without `global`, and how an answer names each part.
  const std::vector<Part>& parts() const { return parts_; }
  const std::vector<std::string>& part_names() const { return part_names_; }

  bool counts_by_route() const { return counts_by_route_; }
  bool accepts_method(uint64_t method) const { return methods_ == 0 || (methods_ & method) != 0; }
  // Whether the conditions other than method, host and path hold.
  bool accepts(const RequestView& asked) const { return conditions_ == nullptr || conditions_->hold(asked); }
  // Whether it exempts requests from every other rule.
  bool exempts() const { return exempts_; }
  uint32_t group() const { return group_; }
  // What a request takes.
  Cost cost_of(const RequestView& asked) const {
    return cost_ == nullptr ? asked.facts.cost : weighed(asked.facts.cost, cost_->units_for(asked));
  }
  // The same if only the rule is known, not the request.
  Cost cost_of(Cost asked) const { return weighed(asked, rule_->cost.units); }

  // The caller's limit: by name, else by plan. Null if by_plan has neither the plan nor a default.
  const CompiledLimit* limit_for(const RequestFacts& facts, const Subject& subject) const {
    if (named_limits_ != nullptr) {
      if (const CompiledLimit* const named = limit_of_name(facts, subject)) return named;
    }
    return limit_for_plan(subject.plan);
  }
  const CompiledLimit* limit_for_plan(std::string_view plan) const { return by_plan_ ? limit_of(plan) : &own_limit_; }
  // What the caller, its workspace or its plan has in place of this rule's limit. nullopt: none of them has anything,
  // or the rule cannot count by it; then the rule's own holds.
  std::optional<LimitInPlace> limit_in_place(const KnownCaller& caller) const;
  // Fills in limit, source and problem.
  void say_limit_of(const Subject& subject, EffectiveLimit& out) const;
  // Which of parts() by_subject refers to, nullopt if there is none; and the limit of one subject, as it is counted;
  // null if it is not named. REQUIRES of the second: the first is there.
  std::optional<size_t> named_part() const { return named_part_; }
  const CompiledLimit* limit_for_name(std::string_view value) const { return named_limits_->find(value); }
  // An address as this rule counts it, by its own prefixes or cut to `prefix_v6` bits.
  IpAddress counted(const IpAddress& address, int prefix_v6) const;

  // Appends the identity of the request's counter to `key`, part by part, or leaves `key` in an unspecified state.
  // `route` is how a rule that counts by route counts the path.
  Identified identify(const RequestFacts& facts, const Subject& subject, std::string_view route,
                      std::string& key) const;
  // What happens to a request without a plan if by_plan has no default.
  Identified without_plan() const;

 private:
  const CompiledLimit* limit_of(std::string_view plan) const;
  const CompiledLimit* limit_of_name(const RequestFacts& facts, const Subject& subject) const;
  // The caller's address as this rule counts it; none if it is not known.
  std::optional<IpAddress> counted_address(const Subject& subject) const;
  // `ip` is a buffer for an address.
  std::string_view value_of(size_t part, const RequestFacts& facts, const Subject& subject, std::string_view route,
                            std::optional<IpAddress>& ip) const;
  Identified stand_in(size_t part, std::string_view value, const Subject& subject, std::string& key) const;

  // What every match reads, in one cache line.
  uint64_t methods_;
  std::array<PartKind, kPartsMax> part_kinds_ = {};
  uint8_t part_count_ = 0;
  Mode mode_;
  Terms terms_;
  Missing missing_;
  bool by_plan_;
  bool counts_by_route_ = false;
  bool exempts_;
  bool has_prefixes_;
  uint32_t group_;
  std::unique_ptr<const Conditions> conditions_;
  std::unique_ptr<const CostTable> cost_;
  std::unique_ptr<const NamedLimits> named_limits_;
  CompiledLimit own_limit_;

  std::vector<std::pair<std::string_view, CompiledLimit>> plans_;  // ordered by name
  const Rule* rule_;
  std::optional<size_t> named_part_;  // with named_limits_
  const CompiledLimit* default_plan_ = nullptr;
  const CompiledLimit* typical_ = nullptr;  // one of its limits, if there is any: all are counted alike
  std::vector<Part> parts_;
  std::vector<std::string> part_names_;
};

}  // namespace rateguard::rules

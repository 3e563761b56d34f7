#include "rules/compiled_rule.h"

#include <algorithm>

#include "rules/part_value.h"
#include "store/counter_key.h"

namespace rateguard::rules {
namespace {

constexpr std::string_view kDefaultPlan = "default";

}  // namespace

CompiledRule::CompiledRule(const Rule& rule, uint64_t methods, uint32_t group)
    : methods_(methods),
      mode_(rule.mode == RuleMode::kShadow ? Mode::kShadow : Mode::kEnforce),
      terms_{.on_failure = rule.on_store_failure, .consistency = rule.consistency, .store = rule.store_number},
      missing_(rule.missing),
      by_plan_(!rule.by_plan.empty()),
      exempts_(rule.exempts()),
      has_prefixes_(rule.prefixes != AddressPrefixes{}),
      group_(group),
      own_limit_(compile_limit(rule.name, rule.limit)),
      rule_(&rule) {
  if (!Conditions::empty(rule.match)) conditions_ = std::make_unique<const Conditions>(rule.match);
  if (rule.cost != RuleCost{}) cost_ = std::make_unique<const CostTable>(rule.cost);
  if (rule.by_subject != nullptr) {
    named_limits_ = std::make_unique<const NamedLimits>(rule);
    named_part_ = rules::named_part(rule.per);
  }
  for (const auto& part : rule.per) {
    if (part.kind == PartKind::kGlobal) continue;
    part_kinds_[part_count_++] = part.kind;
    counts_by_route_ |= part.kind == PartKind::kRoute;
    parts_.push_back(part);
    part_names_.push_back(part.to_string());
  }
  plans_.reserve(rule.by_plan.size());
  for (const auto& [plan, limit] : rule.by_plan) {
    plans_.emplace_back(plan, compile_limit(rule.name, limit));
    if (plan == kDefaultPlan) default_plan_ = &plans_.back().second;
    if (typical_ == nullptr && limit) typical_ = &plans_.back().second;
  }
  if (own_limit_.limit != nullptr) typical_ = &own_limit_;
  if (typical_ == nullptr && named_limits_ != nullptr) typical_ = named_limits_->any();
}

std::optional<LimitInPlace> CompiledRule::limit_in_place(const KnownCaller& caller) const {
  const auto own = typical_ != nullptr ? caller.limit_for(rule_->name) : std::nullopt;
  if (!own) return std::nullopt;
  if (own->limit.is_unlimited()) return LimitInPlace{.counted_as = typical_, .owner = own->owner};
  const auto limit = own->limit.counted_as(*typical_->limit);
  if (!limit) return std::nullopt;
  return LimitInPlace{.counted_as = typical_, .limit = *limit, .owner = own->owner};
}

const CompiledLimit* CompiledRule::limit_of(std::string_view plan) const {
  const auto found = std::ranges::lower_bound(plans_, plan, {}, [](const auto& entry) { return entry.first; });
  if (found != plans_.end() && found->first == plan) return &found->second;
  return default_plan_;
}

const CompiledLimit* CompiledRule::limit_of_name(const RequestFacts& facts, const Subject& subject) const {
  std::optional<IpAddress> ip;
  const std::string_view value = value_of(*named_part_, facts, subject, {}, ip);
  return value.empty() ? nullptr : named_limits_->find(value);
}

void CompiledRule::say_limit_of(const Subject& subject, EffectiveLimit& out) const {
  const auto own = subject.caller->limit_for(rule_->name);
  if (const auto in_place = limit_in_place(*subject.caller)) {
    constexpr std::array kSources = {LimitSource::kKey, LimitSource::kWorkspace, LimitSource::kPlan};
    out.source = kSources[static_cast<size_t>(in_place->owner)];
    out.limit = in_place->limit;
    return;
  }
  if (own) {
    const auto limit = typical_ != nullptr ? own->limit.counted_as(*typical_->limit)
                                           : invalid("the rule has no limit of its own that says how to count");
    if (!limit) out.problem = limit.error().message;
  }
  const CompiledLimit* found = named_limits_ != nullptr ? limit_of_name({}, subject) : nullptr;
  out.source = LimitSource::kRuleByName;
  if (found == nullptr) {
    found = limit_for_plan(subject.plan);
    out.source = by_plan_ ? LimitSource::kRuleByPlan : LimitSource::kRule;
  }
  if (found == nullptr) out.source = LimitSource::kNone;
  if (found != nullptr && found->limit != nullptr) out.limit = *found->limit;
}

IpAddress CompiledRule::counted(const IpAddress& address, int prefix_v6) const {
  const IpAddress whole = address.masked_v6(128);
  const AddressPrefixes& own = rule_->prefixes;
  return (whole.is_v4() ? own.v4 : own.v6) ? own.cut(whole) : whole.masked_v6(prefix_v6);
}

std::optional<IpAddress> CompiledRule::counted_address(const Subject& subject) const {
  if (!has_prefixes_ || !subject.ip) return subject.ip;
  const AddressPrefixes& own = rule_->prefixes;
  const IpAddress& whole = *subject.whole_address();
  return (whole.is_v4() ? own.v4 : own.v6) ? own.cut(whole) : *subject.ip;
}

std::string_view CompiledRule::value_of(size_t part, const RequestFacts& facts, const Subject& subject,
                                        std::string_view route, std::optional<IpAddress>& ip) const {
  switch (part_kinds_[part]) {
    case PartKind::kIp:
      ip = counted_address(subject);
      return ip ? bytes_of(*ip) : std::string_view{};
    case PartKind::kRoute:
      return route;
    default:
      return part_value(parts_[part], facts, subject);
  }
}

Identified CompiledRule::identify(const RequestFacts& facts, const Subject& subject, std::string_view route,
                                  std::string& key) const {
  std::optional<IpAddress> ip;
  for (size_t part = 0; part < part_count_; ++part) {
    const std::string_view value = value_of(part, facts, subject, route, ip);
    if (!value.empty() && value.size() <= kSubjectPartMax) {
      CounterKey::append_part(key, value);
      continue;
    }
    const Identified found = stand_in(part, value, subject, key);
    if (found.result != Identified::Result::kCounted) return found;
  }
  return {};
}

// What happens to a request with a part that is missing or too long.
Identified CompiledRule::stand_in(size_t part, std::string_view value, const Subject& subject, std::string& key) const {
  const Identified rejected{.result = Identified::Result::kRejected, .missing = part_names_[part]};
  // Too long to be kept in full; refused whatever `missing` says, since leaving it uncounted would be no better.
  if (!value.empty()) return rejected;
  if (missing_ == Missing::kSkip) return {.result = Identified::Result::kSkipped, .missing = part_names_[part]};
  const auto ip = counted_address(subject);
  if (missing_ == Missing::kReject || !ip) return rejected;
  // An identity is never empty, so the empty part says that an address stands in for it: neither shares a counter.
  CounterKey::append_part(key, {});
  CounterKey::append_part(key, bytes_of(*ip));
  return {};
}

Identified CompiledRule::without_plan() const {
  if (missing_ == Missing::kSkip) return {.result = Identified::Result::kSkipped, .missing = "plan"};
  return {.result = Identified::Result::kRejected, .missing = "plan"};  // an address has no plan: `ip` rejects too
}

}  // namespace rateguard::rules

#include "rules/compiled_rule.h"

#include <algorithm>

#include "model/cookie.h"
#include "store/counter_key.h"

namespace rateguard::rules {
namespace {

constexpr std::string_view kDefaultPlan = "default";

// The value of a field without the white space around it (RFC 9110, section 5.5).
std::string_view header_value(std::span<const Header> headers, std::string_view name) {
  const std::string_view value = find_header(headers, name);
  const size_t begin = value.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return value.substr(begin, value.find_last_not_of(" \t") - begin + 1);
}

CompiledLimit compile_limit(const Rule& rule, const std::optional<Limit>& limit) {
  CompiledLimit compiled;
  if (!limit) return compiled;
  compiled.limit = &*limit;
  CounterKey::begin_rule(compiled.key_front, rule.name, limit->algorithm);
  return compiled;
}

}  // namespace

std::string_view bytes_of(const IpAddress& ip) {
  return {reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size()};
}

CompiledRule::CompiledRule(const Rule& rule, uint64_t methods)
    : methods_(methods),
      mode_(rule.mode == RuleMode::kShadow ? Mode::kShadow : Mode::kEnforce),
      on_failure_(rule.on_store_failure),
      consistency_(rule.consistency),
      store_(rule.store_number),
      missing_(rule.missing),
      by_plan_(!rule.by_plan.empty()),
      own_limit_(compile_limit(rule, rule.limit)),
      rule_(&rule) {
  for (const auto& part : rule.per) {
    if (part.kind == PartKind::kGlobal) continue;
    part_kinds_[part_count_++] = part.kind;
    counts_by_route_ |= part.kind == PartKind::kRoute;
    parts_.push_back(part);
    part_names_.push_back(part.to_string());
  }
  plans_.reserve(rule.by_plan.size());
  for (const auto& [plan, limit] : rule.by_plan) {
    plans_.emplace_back(plan, compile_limit(rule, limit));
    if (plan == kDefaultPlan) default_plan_ = &plans_.back().second;
  }
}

const CompiledLimit* CompiledRule::limit_of(std::string_view plan) const {
  const auto found = std::ranges::lower_bound(plans_, plan, {}, [](const auto& entry) { return entry.first; });
  if (found != plans_.end() && found->first == plan) return &found->second;
  return default_plan_;
}

std::string_view CompiledRule::value_of(size_t part, const RequestFacts& facts, const Subject& subject,
                                        std::string_view route) const {
  switch (part_kinds_[part]) {
    case PartKind::kIp:
      return subject.ip ? bytes_of(*subject.ip) : std::string_view{};
    case PartKind::kApiKey:
      return subject.api_key;
    case PartKind::kUser:
      return subject.user;
    case PartKind::kWorkspace:
      return subject.workspace;
    case PartKind::kPlan:
      return subject.plan;
    case PartKind::kHeader:
      return header_value(facts.headers, parts_[part].name);
    case PartKind::kCookie:
      return find_cookie(facts.headers, parts_[part].name);
    case PartKind::kClaim:
      return subject.claim(parts_[part].name);
    case PartKind::kRoute:
      return route;
    case PartKind::kGlobal:
      break;  // not among the parts
  }
  return {};
}

Identified CompiledRule::identify(const RequestFacts& facts, const Subject& subject, std::string_view route,
                                  std::string& key) const {
  for (size_t part = 0; part < part_count_; ++part) {
    const std::string_view value = value_of(part, facts, subject, route);
    if (!value.empty() && value.size() <= kSubjectPartMax) {
      CounterKey::append_part(key, value);
      continue;
    }
    const Identified found = stand_in(part, value, subject, key);
    if (found.result != Identified::Result::kCounted) return found;
  }
  return {};
}

// What becomes of a request whose part is missing or too long.
Identified CompiledRule::stand_in(size_t part, std::string_view value, const Subject& subject, std::string& key) const {
  const Identified rejected{.result = Identified::Result::kRejected, .missing = part_names_[part]};
  // Too long to be told apart whole; refused whatever `missing` says, since leaving it out would be no better.
  if (!value.empty()) return rejected;
  if (missing_ == Missing::kSkip) return {.result = Identified::Result::kSkipped, .missing = part_names_[part]};
  if (missing_ == Missing::kReject || !subject.ip) return rejected;
  // An identity is never empty, so the empty part says that an address stands in for it: neither shares a counter.
  CounterKey::append_part(key, {});
  CounterKey::append_part(key, bytes_of(*subject.ip));
  return {};
}

Identified CompiledRule::without_plan() const {
  if (missing_ == Missing::kSkip) return {.result = Identified::Result::kSkipped, .missing = "plan"};
  return {.result = Identified::Result::kRejected, .missing = "plan"};  // an address has no plan: `ip` rejects too
}

}  // namespace rateguard::rules

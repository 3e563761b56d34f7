#include "rules/futile_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "model/ascii.h"
#include "rules/describe_match.h"
#include "rules/host_pattern.h"
#include "rules/ip_set.h"
#include "rules/named_limits.h"
#include "rules/path_pattern.h"

namespace rateguard::rules {
namespace {

using Kind = ValueCondition::Kind;
using Said = std::vector<std::string>;

bool is_same(const Part& one, const Part& other) {
  if (one.kind != other.kind) return false;
  return one.kind == PartKind::kHeader ? equal_ignoring_case(one.name, other.name) : one.name == other.name;
}

const ValueCondition* condition_on(const Rule& rule, const Part& part, Kind kind) {
  const auto& all = rule.match.values;
  const auto found = std::ranges::find_if(
      all, [&](const ValueCondition& condition) { return condition.kind == kind && is_same(condition.of, part); });
  return found == all.end() ? nullptr : &*found;
}

bool contains(const std::vector<std::string>& values, std::string_view value) {
  return std::ranges::find(values, value) != values.end();
}

// What a rule does with requests that lack what it counts by.
std::string_view fate(const Rule& rule) {
  return rule.missing == Missing::kSkip ? "it never applies" : "it refuses every request that it matches";
}

void look_for_absent_parts(const Rule& rule, Said& said) {
  for (const Part& part : rule.per) {
    if (rule.missing == Missing::kIp || condition_on(rule, part, Kind::kAbsent) == nullptr) continue;
    said.push_back(
        fmt::format("counts per {}, which its match asks to be absent: {}; count by something that these "
                    "requests have, such as ip",
                    part.to_string(), fate(rule)));
  }
}

void look_for_plans(const Rule& rule, Said& said) {
  if (rule.by_plan.empty()) return;
  const Part plan{.kind = PartKind::kPlan};
  const bool has_default = rule.by_plan.contains("default");
  if (condition_on(rule, plan, Kind::kAbsent) != nullptr && !has_default) {
    said.push_back(
        fmt::format("limits by_plan, and its match asks for requests without a plan: {}; write limit "
                    "instead, or give by_plan a default",
                    fate(rule)));
  }
  const ValueCondition* const wanted = condition_on(rule, plan, Kind::kOneOf);
  if (wanted == nullptr) return;
  for (const std::string& name : wanted->values) {
    if (has_default || rule.by_plan.contains(name)) continue;
    said.push_back(
        fmt::format("matches the plan '{}', for which by_plan has no limit: its requests {}; add it to "
                    "by_plan, or give by_plan a default",
                    name, rule.missing == Missing::kSkip ? "are not limited by it" : "are all refused"));
  }
  for (const auto& [name, limit] : rule.by_plan) {
    if (name == "default" || contains(wanted->values, name)) continue;
    said.push_back(
        fmt::format("has a limit for the plan '{}', which its match leaves out; add it to match.plan, or "
                    "remove its limit",
                    name));
  }
}

// Whether a rule's match lets a caller of a name through.
class CallersMatched {
 public:
  CallersMatched(const Rule& rule, const Part& part)
      : is_address_(part.kind == PartKind::kIp),
        inside_(rule.match.address.inside),
        outside_(rule.match.address.outside) {
    if (const auto* one_of = condition_on(rule, part, Kind::kOneOf)) {
      wanted_.emplace(one_of->values.begin(), one_of->values.end());
    }
    if (const auto* none_of = condition_on(rule, part, Kind::kNoneOf)) {
      excepted_.insert(none_of->values.begin(), none_of->values.end());
    }
    // A name stands for all addresses in a network, some of which may be inside.
    is_whole_ = (!rule.prefixes.v4 || *rule.prefixes.v4 == 32);
  }

  bool has(const std::string& name) const {
    if (!is_address_) return (!wanted_ || wanted_->contains(name)) && !excepted_.contains(name);
    const auto address = IpAddress::parse(name);
    if (!address || !address->is_v4() || !is_whole_) return true;
    return (inside_.empty() || inside_.contains(*address)) && !outside_.contains(*address);
  }

 private:
  bool is_address_;
  bool is_whole_ = false;
  IpSet inside_;
  IpSet outside_;
  std::optional<std::unordered_set<std::string_view>> wanted_;
  std::unordered_set<std::string_view> excepted_;
};

void look_for_subjects(const Rule& rule, Said& said) {
  const auto part = named_part(rule.per);
  if (rule.by_subject == nullptr || !part) return;
  const auto& subjects = rule.by_subject->subjects;
  const CallersMatched matched(rule, rule.per[*part]);
  const auto is_left_out = [&](const auto& subject) { return !matched.has(subject.first); };
  const auto first = std::ranges::find_if(subjects, is_left_out);
  if (first == subjects.end()) return;
  const auto others = std::ranges::count_if(std::next(first), subjects.end(), is_left_out);
  // A name may be a credential: it is counted and not shown, as elsewhere.
  const std::string whom = is_secret(rule.per[*part]) ? fmt::format("{} of its by_subject", others + 1)
                           : others == 0              ? fmt::format("'{}'", first->first)
                                                      : fmt::format("'{}' and {} more", first->first, others);
  said.push_back(
      fmt::format("has limits by name for {}, whom its match leaves out; widen match, or remove the names", whom));
}

// The most that one request may take from any limit of a rule; nullopt if unbounded.
std::optional<uint64_t> largest_capacity(const Rule& rule) {
  uint64_t largest = 0;
  const auto look = [&](const std::optional<Limit>& limit) {
    const bool has_bound = limit && !limit->overdraft;
    if (has_bound) largest = std::max<uint64_t>(largest, limit->capacity);
    return has_bound;
  };
  if (rule.unlimited || (rule.limit && !look(rule.limit))) return std::nullopt;
  for (const auto& [plan, limit] : rule.by_plan) {
    if (!look(limit)) return std::nullopt;
  }
  if (rule.by_subject == nullptr) return largest;
  for (const auto& limit : rule.by_subject->limits) {
    if (!look(limit)) return std::nullopt;
  }
  return largest;
}

// Whether the cost of some requests of a rule depends on method, path or header.
bool has_costs_by_request(const RuleCost& cost) {
  return !cost.header.empty() || !cost.by_path.empty() || !cost.by_method.empty();
}

void never_admits(Said& said, std::string_view what, uint64_t units, uint64_t capacity) {
  if (units <= capacity) return;
  said.push_back(
      fmt::format("never admits {}: each costs {}, and the limit holds {} at most; lower the cost, or raise "
                  "the limit (its burst or capacity)",
                  what, units, capacity));
}

void look_for_costs_beyond_limits(const Rule& rule, Said& said) {
  const auto capacity = largest_capacity(rule);
  const RuleCost& cost = rule.cost;
  if (capacity) {
    // What comes first in CostTable::units_for() decides.
    const std::string_view unsaid = cost.header.empty() ? "" : " that does not say its cost";
    for (const RuleCost::OfPath& of : cost.by_path) {
      never_admits(said, fmt::format("a request for {}{}", of.path, unsaid), of.units, *capacity);
    }
    const std::string_view elsewhere = cost.by_path.empty() ? "" : " for another path";
    for (const auto& [method, units] : cost.by_method) {
      never_admits(said, fmt::format("a {} request{}{}", method, elsewhere, unsaid), units, *capacity);
    }
    never_admits(said, has_costs_by_request(cost) ? "a request of the default cost" : "a request", cost.units,
                 *capacity);
  }
  if (has_costs_by_request(cost)) return;
  if (rule.by_subject != nullptr) return;  // a caller of that plan may have its own limit
  for (const auto& [plan, limit] : rule.by_plan) {
    if (!limit || limit->overdraft || (capacity && cost.units > *capacity)) continue;
    never_admits(said, fmt::format("a request of the plan '{}'", plan), cost.units, limit->capacity);
  }
}

bool costs_nothing(const RuleCost& cost) {
  return cost.header.empty() && cost.units == 0 &&
         std::ranges::all_of(cost.by_path, [](const RuleCost::OfPath& of) { return of.units == 0; }) &&
         std::ranges::all_of(cost.by_method, [](const auto& of) { return of.second == 0; });
}

void look_for_costs_without_requests(const Rule& rule, Said& said) {
  const Match& match = rule.match;
  for (const auto& [method, units] : rule.cost.by_method) {
    if ((match.methods.empty() || contains(match.methods, method)) && !contains(match.except.methods, method)) continue;
    said.push_back(
        fmt::format("has a cost for {} requests, which its match leaves out; add {} to match.method, or "
                    "remove its cost",
                    method, method));
  }
  if (match.paths.empty() || rule.cost.by_path.empty()) return;
  std::vector<PathPattern> matched;
  for (const std::string& path : match.paths) matched.push_back(PathPattern::parse(path).value());
  for (const RuleCost::OfPath& of : rule.cost.by_path) {
    const PathPattern pattern = PathPattern::parse(of.path).value();
    if (std::ranges::any_of(matched, [&](const PathPattern& path) { return path.overlaps(pattern); })) continue;
    said.push_back(fmt::format(
        "has a cost for {}, which its match leaves out; add it to match.path, or remove its cost", of.path));
  }
}

// Exceptions for requests that the match does not include anyway: their author expects it to include more.
void look_for_needless_exceptions(const Rule& rule, Said& said) {
  const Match& match = rule.match;
  const auto needless = [&](std::string_view key, std::string_view what, std::string_view wanted) {
    said.push_back(
        fmt::format("leaves out {1} with not_{0}, which its {0} {2} does not hold anyway; remove not_{0}, or "
                    "widen {0}",
                    key, what, wanted));
  };
  for (const std::string& method : match.except.methods) {
    if (match.methods.empty() || contains(match.methods, method)) continue;
    needless("method", method, match.methods.front());
  }
  if (match.paths.empty()) return;
  for (const std::string& path : match.except.paths) {
    const PathPattern excepted = PathPattern::parse(path).value();
    const auto overlaps = [&](const std::string& one) { return PathPattern::parse(one)->overlaps(excepted); };
    if (std::ranges::none_of(match.paths, overlaps)) needless("path", path, match.paths.front());
  }
}

void look_for_addresses(const Rule& rule, Said& said) {
  static const IpSet every_address(std::vector{IpPrefix{.address = {}, .bits = 0}});
  if (rule.match.address.outside.empty() || !IpSet(rule.match.address.outside).covers(every_address)) return;
  said.push_back(
      "takes out every address with not_ip, and is left with requests whose address is unknown; narrow not_ip");
}

bool covers_all(const std::vector<std::string>& wide, const std::vector<std::string>& narrow, auto covers_one) {
  if (wide.empty()) return true;
  if (narrow.empty()) return false;
  return std::ranges::all_of(narrow, [&](const std::string& one) {
    return std::ranges::any_of(wide, [&](const std::string& other) { return covers_one(other, one); });
  });
}

bool covers_addresses(const AddressCondition& wide, const AddressCondition& narrow) {
  if (wide == narrow) return true;
  if (wide.outside != narrow.outside) return false;
  return wide.inside.empty() || (!narrow.inside.empty() && IpSet(wide.inside).covers(IpSet(narrow.inside)));
}

}  // namespace

std::vector<std::string> futile_terms(const Rule& rule) {
  Said said;
  look_for_absent_parts(rule, said);
  look_for_plans(rule, said);
  look_for_subjects(rule, said);
  look_for_addresses(rule, said);
  look_for_needless_exceptions(rule, said);
  if (costs_nothing(rule.cost)) {
    said.push_back(
        "never refuses: every request costs 0; leave cost out, or exempt the requests with limit: unlimited");
    return said;
  }
  look_for_costs_beyond_limits(rule, said);
  look_for_costs_without_requests(rule, said);
  return said;
}

bool covers(const Match& wide, const Match& narrow) {
  if (wide == narrow || wide == Match{}) return true;
  if (wide.except != Targets{} && wide.except != narrow.except) return false;
  if (!wide.when.empty() && wide.when != narrow.when) return false;
  const auto holds_in_narrow = [&](const ValueCondition& condition) {
    return std::ranges::find(narrow.values, condition) != narrow.values.end();
  };
  if (!std::ranges::all_of(wide.values, holds_in_narrow) || !covers_addresses(wide.address, narrow.address)) {
    return false;
  }
  const auto path_covers = [](const std::string& one, const std::string& other) {
    return one == other || PathPattern::parse(one)->covers(PathPattern::parse(other).value());
  };
  return covers_all(wide.methods, narrow.methods, std::equal_to<>()) &&
         covers_all(wide.hosts, narrow.hosts, host_covers) && covers_all(wide.paths, narrow.paths, path_covers);
}

}  // namespace rateguard::rules

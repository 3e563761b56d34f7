#include "rules/rule_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/ascii.h"
#include "rules/conditions.h"
#include "rules/describe_match.h"
#include "rules/host_pattern.h"
#include "rules/named_limits.h"
#include "rules/path_pattern.h"
#include "store/counter_key.h"

namespace rateguard::rules {
namespace {

// No registered method is longer than 17 bytes; 32 leaves room.
constexpr size_t kMethodMax = 32;
// Of a name in a message.
constexpr size_t kShownNameMax = 60;

// The characters of registered methods. RFC 9110 allows more, but in a rule those form a pattern that its author
// believes in ("*", "!GET", "GET|POST") and that never matches.
bool is_method_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Result<void> check_targets(const std::vector<std::string>& methods, const std::vector<std::string>& hosts,
                           const std::vector<std::string>& paths) {
  for (const auto& method : methods) {
    if (auto good = check_method(method); !good) return good;
  }
  for (const auto& host : hosts) {
    if (auto parsed = HostPattern::parse(host); !parsed) return std::unexpected(parsed.error());
  }
  for (const auto& path : paths) {
    if (auto parsed = PathPattern::parse(path); !parsed) return std::unexpected(parsed.error());
  }
  return {};
}

Result<void> check_condition(const ValueCondition& condition) {
  const PartKind kind = condition.of.kind;
  if (kind == PartKind::kIp || kind == PartKind::kRoute || kind == PartKind::kGlobal) {
    return invalid(fmt::format("there is no condition on {}", condition.of.to_string()));
  }
  for (const std::string& value : condition.values) {
    if (auto good = check_condition_value(value); !good) return good;
  }
  return {};
}

Result<void> check_match(const Match& match) {
  auto good = check_targets(match.methods, match.hosts, match.paths);
  if (good) good = check_targets(match.except.methods, match.except.hosts, match.except.paths);
  if (!good) return good;
  for (const auto* prefixes : {&match.address.inside, &match.address.outside}) {
    for (const IpPrefix& prefix : *prefixes) {
      if (good = check_condition_prefix(prefix); !good) return good;
    }
  }
  for (const ValueCondition& condition : match.values) {
    if (good = check_condition(condition); !good) return good;
  }
  if (const std::string why = why_nothing_matches(match); !why.empty()) {
    return invalid(fmt::format("no request can match: {}", why));
  }
  return {};
}

Result<void> check_cost(const RuleCost& cost) {
  for (const RuleCost::OfPath& of : cost.by_path) {
    if (auto parsed = PathPattern::parse(of.path); !parsed) return std::unexpected(parsed.error());
  }
  for (const auto& [method, units] : cost.by_method) {
    if (auto good = check_method(method); !good) return good;
  }
  if (!cost.header.empty() && cost.header_max == 0) return invalid("cost: a header needs a largest cost");
  return {};
}

// A number of bits, if one is given.
Result<void> check_bits(const std::optional<int>& bits, int most) {
  if (!bits || (*bits >= 1 && *bits <= most)) return {};
  return invalid(fmt::format("a prefix of {} bits; expected 1 to {}", *bits, most));
}

Result<void> check_named_subjects(const Rule& rule) {
  if (rule.by_subject == nullptr) return {};
  const auto part = named_part(rule.per);
  if (!part) return invalid("by_subject needs a rule that counts by one caller, such as per: user");
  const SubjectLimits& named = *rule.by_subject;
  for (const auto& [name, limit] : named.subjects) {
    if (limit >= named.limits.size()) return invalid("by_subject: a subject without a limit");
    if (rule.per[*part].kind == PartKind::kIp && !IpAddress::parse(name)) {
      return invalid(fmt::format("by_subject: '{}' is not an IP address", name.substr(0, kShownNameMax)));
    }
    if (name.empty() || name.size() > kSubjectPartMax) {
      return invalid(fmt::format("by_subject: a name has 1 to {} bytes", kSubjectPartMax));
    }
  }
  return {};
}

Result<void> check_limits(const Rule& rule) {
  const bool by_plan = !rule.by_plan.empty();
  if ((rule.limit || rule.unlimited) && by_plan) {
    return invalid("a rule has either a limit or by_plan; the plan 'default' serves plans that are not named");
  }
  if (rule.limit && rule.unlimited) return invalid("a rule has either a limit or none");
  if (!rule.limit && !rule.unlimited && !by_plan) return invalid("a rule needs a limit, or limits by_plan");
  if (!rule.exempts()) return {};
  if (rule.match == Match{}) {
    return invalid(
        "limit: unlimited exempts what the rule matches from every other rule, and this one matches "
        "everything; say whom with match, or put the rule into a group");
  }
  if (rule.mode == RuleMode::kShadow) {
    return invalid(
        "limit: unlimited exempts from other rules, which a shadow rule never does; expected mode: enforce "
        "or off");
  }
  return {};
}

}  // namespace

Result<void> check_rule_name(std::string_view name) {
  const bool printable =
      std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (name.empty() || name.size() > kRuleNameMax || !printable || name.front() == ' ' || name.back() == ' ') {
    return invalid(fmt::format("a rule's name is 1 to {} printable ASCII characters without quotes and backslashes",
                               kRuleNameMax));
  }
  return {};
}

Result<void> check_parts(const std::vector<Part>& per) {
  if (per.size() > kPartsMax) return invalid(fmt::format("a rule counts by at most {} things", kPartsMax));
  for (auto part = per.begin(); part != per.end(); ++part) {
    if (part->kind == PartKind::kGlobal && per.size() > 1) {
      return invalid("global counts everyone together; it cannot be combined with anything");
    }
    if (std::find(per.begin(), part, *part) != part)
      return invalid(fmt::format("'{}' is given twice", part->to_string()));
  }
  return {};
}

Result<void> check_method(std::string_view method) {
  const std::string_view shown = method.substr(0, kMethodMax);
  const auto bad = [&](std::string_view why) { return invalid(fmt::format("bad method '{}'; {}", shown, why)); };
  if (method == "*" || equal_ignoring_case(method, "any") || equal_ignoring_case(method, "all")) {
    return bad("leave method out for every method");
  }
  if (method.starts_with('!') && is_method_name(method.substr(1))) {
    return bad(fmt::format("for every method but {0} write not_method: {0}", shown.substr(1)));
  }
  if (method.find_first_of(",|") != std::string_view::npos) return bad("several methods are a list: [GET, POST]");
  if (method.size() > kMethodMax || !is_method_name(method)) return bad("expected an HTTP method such as GET");
  return {};
}

Result<void> check_group_name(std::string_view name) {
  if (check_rule_name(name)) return {};
  return invalid(
      fmt::format("a group's name is 1 to {} printable ASCII characters without quotes and backslashes", kRuleNameMax));
}

Result<void> check_condition_value(std::string_view value) {
  if (value.empty() || value.size() > kSubjectPartMax || trim(value) != value) {
    return invalid(fmt::format("a value has 1 to {} bytes, and no white space around it", kSubjectPartMax));
  }
  if (value == "*") return invalid("'*' is compared as it stands; for any value write {present: true}");
  return {};
}

Result<void> check_condition_prefix(const IpPrefix& prefix) {
  // A network with a shorter prefix also contains 64:ff9b:1::/48, whose addresses are counted as they are (RFC 8215).
  constexpr int kOnlyNat64Bits = 48;
  constexpr int kNat64Bits = 96;
  const IpAddress inside = prefix.address.masked_v6(128);
  if (inside == prefix.address || prefix.bits < kOnlyNat64Bits) return {};
  if (prefix.bits < kNat64Bits) {
    return invalid(
        fmt::format("the only callers in {0} come over NAT64 (64:ff9b::/96), and their addresses are read as the IPv4 "
                    "addresses inside; write 0.0.0.0/0, which callers over IPv4 are in, too",
                    to_string(prefix)));
  }
  return invalid(
      fmt::format("no caller is ever in {}: an address of NAT64 is read as the IPv4 address inside; write {}, which "
                  "callers over IPv4 are in, too",
                  to_string(prefix), to_string(IpPrefix{.address = inside, .bits = prefix.bits})));
}

Result<void> check_rule(const Rule& rule) {
  auto good = check_rule_name(rule.name);
  if (good) good = check_parts(rule.per);
  if (good) good = check_match(rule.match);
  if (good) good = check_limits(rule);
  if (good) good = check_named_subjects(rule);
  if (good) good = check_cost(rule.cost);
  if (good) good = check_bits(rule.prefixes.v4, 32);
  if (good) good = check_bits(rule.prefixes.v6, 128);
  if (good && !rule.group.empty()) good = check_group_name(rule.group);
  if (!good) {
    good.error().message = fmt::format("rule '{}': {}", rule.name.substr(0, kRuleNameMax), good.error().message);
    good.error().position = rule.position;
  }
  return good;
}

}  // namespace rateguard::rules

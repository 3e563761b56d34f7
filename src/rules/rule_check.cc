#include "rules/rule_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/ascii.h"
#include "rules/host_pattern.h"
#include "rules/path_pattern.h"

namespace rateguard::rules {
namespace {

// No registered method is longer than 17 bytes; 32 leaves room.
constexpr size_t kMethodMax = 32;

// What methods that anyone has registered are made of. RFC 9110 allows more characters, which in a rule are a pattern
// that its author believes in ("*", "!GET", "GET|POST") and nothing ever matches.
bool is_method_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Result<void> check_match(const Match& match) {
  for (const auto& method : match.methods) {
    if (auto good = check_method(method); !good) return good;
  }
  for (const auto& host : match.hosts) {
    if (auto parsed = HostPattern::parse(host); !parsed) return std::unexpected(parsed.error());
  }
  for (const auto& path : match.paths) {
    if (auto parsed = PathPattern::parse(path); !parsed) return std::unexpected(parsed.error());
  }
  return {};
}

Result<void> check_limits(const Rule& rule) {
  if (rule.limit && !rule.by_plan.empty()) {
    return invalid("a rule has either a limit or by_plan; the plan 'default' serves plans that are not named");
  }
  if (!rule.limit && rule.by_plan.empty()) return invalid("a rule needs a limit, or limits by_plan");
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

Result<void> check_rule(const Rule& rule) {
  auto good = check_rule_name(rule.name);
  if (good) good = check_parts(rule.per);
  if (good) good = check_match(rule.match);
  if (good) good = check_limits(rule);
  if (!good) {
    good.error().message = fmt::format("rule '{}': {}", rule.name.substr(0, kRuleNameMax), good.error().message);
    good.error().position = rule.position;
  }
  return good;
}

}  // namespace rateguard::rules

#include "app/cli/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "rules/describe_match.h"

namespace rateguard::app {
namespace {

std::string describe_rate(const Rate& rate) {
  return fmt::format("{} per {}", rate.units, describe(rate.period));
}

std::string_view window_start(Anchor anchor) {
  switch (anchor) {
    case Anchor::kEpoch:
      return "";
    case Anchor::kFirstRequest:
      return " from the first request";
    case Anchor::kDay:
      return " per calendar day";
    case Anchor::kWeek:
      return " per calendar week";
    case Anchor::kMonth:
      return " per calendar month";
    case Anchor::kYear:
      return " per calendar year";
  }
  return "";
}

std::string describe_match(const rules::Match& match) {
  std::vector<std::string> parts;
  if (!match.methods.empty()) parts.push_back(fmt::format("{}", fmt::join(match.methods, "|")));
  if (!match.hosts.empty()) parts.push_back(fmt::format("{}", fmt::join(match.hosts, "|")));
  parts.push_back(match.paths.empty() ? "every path" : fmt::format("{}", fmt::join(match.paths, "|")));
  const std::string targets = fmt::format("{}", fmt::join(parts, " "));
  const std::vector<std::string> conditions = rules::describe_conditions(match);
  return conditions.empty() ? targets : fmt::format("{}, {}", targets, fmt::join(conditions, ", "));
}

// "cost 2, by header X-Cost up to 100, /export 50, POST 5"; empty if the rule has no cost.
std::string describe_cost(const rules::RuleCost& cost) {
  if (cost == rules::RuleCost{}) return {};
  std::string text = fmt::format("cost {}", cost.units);
  if (!cost.header.empty()) text += fmt::format(", by header {} up to {}", cost.header, cost.header_max);
  for (const auto& [path, units] : cost.by_path) text += fmt::format(", {} {}", path, units);
  for (const auto& [method, units] : cost.by_method) text += fmt::format(", {} {}", method, units);
  return text;
}

std::string describe_per(const std::vector<rules::Part>& per) {
  if (per.empty()) return "global";
  std::vector<std::string> names;
  for (const rules::Part& part : per) names.push_back(part.to_string());
  return fmt::format("{}", fmt::join(names, "+"));
}

}  // namespace

std::string describe(Duration duration) {
  constexpr std::pair<int64_t, const char*> kUnits[] = {
      {86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "m"}, {1'000'000, "s"}, {1'000, "ms"}};
  if (duration.us == 0) return "0s";
  for (const auto& [us, name] : kUnits) {
    if (duration.us % us == 0) return fmt::format("{}{}", duration.us / us, name);
  }
  return fmt::format("{}us", duration.us);
}

std::string describe(const Limit& limit) {
  switch (limit.algorithm) {
    case Algorithm::kTokenBucket:
      return fmt::format("token_bucket, capacity {}, refill {}", limit.capacity, describe_rate(limit.rate));
    case Algorithm::kGcra:
      return fmt::format("gcra, burst {}, rate {}", limit.capacity, describe_rate(limit.rate));
    case Algorithm::kLeakyBucket:
      return fmt::format("leaky_bucket, queue {}, drain {}", limit.capacity, describe_rate(limit.rate));
    case Algorithm::kConcurrency:
      return fmt::format("concurrency, {} at once, held {}", limit.capacity, describe(limit.period()));
    case Algorithm::kFixedWindow:
      if (limit.anchor != Anchor::kEpoch && limit.anchor != Anchor::kFirstRequest) {
        return fmt::format("fixed_window, {}{}", limit.capacity, window_start(limit.anchor));
      }
      return fmt::format("fixed_window, {}{}", describe_rate(limit.rate), window_start(limit.anchor));
    case Algorithm::kSlidingWindowLog:
    case Algorithm::kSlidingWindowCounter:
      return fmt::format("{}, {}", to_string(limit.algorithm), describe_rate(limit.rate));
  }
  return {};
}

std::string describe(const rules::Rule& rule) {
  std::vector<std::string> limits;
  if (rule.limit) limits.push_back(describe(*rule.limit));
  if (rule.unlimited) limits.push_back("unlimited");
  for (const auto& [plan, limit] : rule.by_plan) {
    limits.push_back(fmt::format("{}: {}", plan, limit ? describe(*limit) : "unlimited"));
  }
  if (rule.by_subject != nullptr) limits.push_back(fmt::format("{} by name", rule.by_subject->subjects.size()));
  if (const std::string cost = describe_cost(rule.cost); !cost.empty()) limits.push_back(cost);
  const char* mode = rule.mode == rules::RuleMode::kShadow ? " (shadow)"
                     : rule.mode == rules::RuleMode::kOff  ? " (off)"
                                                           : "";
  std::string per = describe_per(rule.per);
  if (rule.prefixes.v4) per += fmt::format(" (IPv4 /{})", *rule.prefixes.v4);
  if (rule.prefixes.v6) per += fmt::format(" (IPv6 /{})", *rule.prefixes.v6);
  return fmt::format("{}{}: {}, per {}: {}{}", rule.name, rule.group.empty() ? "" : fmt::format(" [{}]", rule.group),
                     describe_match(rule.match), per, fmt::join(limits, "; "), mode);
}

std::string describe(const envoy::RateLimit& limit) {
  const std::string what = limit.spec.unlimited ? "unlimited"
                           : limit.spec.limit   ? describe(*limit.spec.limit)
                                                : "banned";
  return fmt::format("{}: {}{}{}", limit.path, what, limit.shadow_mode ? " (shadow)" : "",
                     limit.quota_mode ? " (quota)" : "");
}

}  // namespace rateguard::app

#include "config/limit_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "config/limit_spec.h"
#include "config/text_check.h"

namespace rateguard::config {
namespace {

constexpr std::string_view kUnlimited = "unlimited";
// Of one rule; far above any price list.
constexpr size_t kPlansMax = 1'000;

// What was given, and where.
struct Given {
  LimitSpec spec = {};
  std::array<const YamlNode*, kLimitKeys> nodes = {};
};

std::vector<std::string_view> limit_key_names() {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < kLimitKeys; ++i) names.push_back(to_string(static_cast<LimitKey>(i)));
  return names;
}

bool takes_number_only(LimitKey key) {
  return key == LimitKey::kCapacity || key == LimitKey::kBurst || key == LimitKey::kQueue;
}

// Returns whether it was good.
bool read_key(const YamlNode& node, LimitKey key, Given& given, Problems& problems) {
  given.nodes[static_cast<size_t>(key)] = &node;
  if (!node.is_scalar()) {
    problems.add(node, fmt::format("{}: expected one value, found {}", to_string(key), node.describe()));
    return false;
  }
  if (node.quoted && takes_number_only(key)) {
    problems.add(node, fmt::format("{}: expected a number without quotes", to_string(key)));
    return false;
  }
  if (const auto good = given.spec.set(key, node.text); !good) {
    problems.add(node, fmt::format("{}: {}", to_string(key), good.error().message));
    return false;
  }
  return true;
}

// Reads the limit keys of a map; others are left to whoever knows them. Returns whether all were good.
bool read_keys(const YamlNode& map, Given& given, Problems& problems) {
  bool good = true;
  for (size_t i = 0; i < kLimitKeys; ++i) {
    const auto key = static_cast<LimitKey>(i);
    if (const YamlNode* node = map.find(to_string(key))) good = read_key(*node, key, given, problems) && good;
  }
  return good;
}

// The limit that was given, or a problem at the key that is wrong; at `otherwise` for one that is missing.
std::optional<Limit> make(const Given& given, const YamlNode& otherwise, Problems& problems) {
  const auto limit = make_limit(given.spec);
  if (limit) return *limit;
  const YamlNode* node = given.nodes[static_cast<size_t>(limit.error().key)];
  problems.add(node ? *node : otherwise, limit.error().message);
  return std::nullopt;
}

// A plan's limit: as `limit`, or a map of limit keys. What the rule says beside by_plan holds for every plan.
void read_plan(const YamlNode& key, const YamlNode& value, const Given& shared, rules::Rule& rule, Problems& problems) {
  const std::string& plan = key.text;
  if (value.is_scalar() && value.text == kUnlimited) {
    rule.by_plan[plan] = std::nullopt;
    return;
  }
  Given given = shared;
  if (value.is_map()) {
    const auto known = limit_key_names();
    for (size_t i = 0; i < value.children.size() && !problems.full(); i += 2) {
      const YamlNode& name = *value.children[i];
      if (std::ranges::find(known, name.text) == known.end())
        problems.add(name, unknown_key(name.text, "a plan", known));
    }
    if (!read_keys(value, given, problems)) return;
  } else if (!value.is_scalar()) {
    return problems.add(value.is_null() ? key : value,
                        fmt::format("expected a limit such as 1000/day, or unlimited, found {}", value.describe()));
  } else if (!read_key(value, LimitKey::kLimit, given, problems)) {
    return;
  }
  if (const auto limit = make(given, value, problems)) rule.by_plan[plan] = *limit;
}

void read_plans(const YamlNode& plans, const Given& shared, rules::Rule& rule, Problems& problems) {
  if (!plans.is_map() || plans.children.empty()) {
    return problems.add(plans, fmt::format("by_plan: expected a map of plans to limits, found {}",
                                           plans.is_map() ? "an empty one" : plans.describe()));
  }
  if (shared.spec.has(LimitKey::kLimit)) {
    problems.add(plans,
                 "both limit and by_plan; expected one of them (the plan 'default' serves plans that are not named)");
    return;
  }
  if (plans.children.size() / 2 > kPlansMax) return problems.add(plans, fmt::format("more than {} plans", kPlansMax));
  for (size_t i = 0; i < plans.children.size() && !problems.full(); i += 2) {
    const YamlNode& plan = *plans.children[i];
    if (plan.text.empty()) {
      problems.add(plan, "a plan without a name");
      continue;
    }
    read_plan(plan, *plans.children[i + 1], shared, rule, problems);
  }
}

}  // namespace

void read_limits(const YamlNode& rule_map, rules::Rule& rule, Problems& problems) {
  Given given;
  const YamlNode* limit = rule_map.find("limit");
  if (limit && limit->is_scalar() && limit->text == kUnlimited) {
    return problems.add(*limit, "a rule without a limit does nothing; expected N/period, or mode: off to put it aside");
  }
  if (!read_keys(rule_map, given, problems)) return;
  if (const YamlNode* plans = rule_map.find("by_plan")) return read_plans(*plans, given, rule, problems);
  if (auto made = make(given, rule_map, problems)) rule.limit = *made;
}

}  // namespace rateguard::config

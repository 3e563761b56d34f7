#include "config/rule_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "config/cost_reader.h"
#include "config/limit_reader.h"
#include "config/match_reader.h"
#include "config/node_reader.h"
#include "config/schedule_reader.h"
#include "rules/rule_check.h"
#include "settings/choice.h"
#include "text/quote.h"

namespace rateguard::config {
namespace {

using rules::Missing;
using rules::OnStoreFailure;
using rules::Rule;
using rules::RuleMode;

constexpr Choice<Missing> kMissing[] = {{"reject", Missing::kReject}, {"ip", Missing::kIp}, {"skip", Missing::kSkip}};
constexpr Choice<RuleMode> kModes[] = {
    {"enforce", RuleMode::kEnforce}, {"shadow", RuleMode::kShadow}, {"off", RuleMode::kOff}};
constexpr Choice<OnStoreFailure> kFailures[] = {
    {"allow", OnStoreFailure::kAllow}, {"deny", OnStoreFailure::kDeny}, {"local", OnStoreFailure::kLocal}};
constexpr Choice<Consistency> kConsistencies[] = {
    {"exact", Consistency::kExact}, {"lease", Consistency::kLease}, {"sync", Consistency::kSync}};

class RuleReader {
 public:
  RuleReader(const RuleSurroundings& surroundings, Problems& problems)
      : surroundings_(surroundings), problems_(problems), nodes_(problems) {}

  std::vector<Rule> read_all(const YamlNode& list) {
    std::vector<Rule> all;
    if (list.is_null()) return all;
    if (!list.is_sequence()) {
      problems_.add(list, fmt::format("expected a list of rules, found {}", list.describe()));
      return all;
    }
    if (list.children.size() > rules::kRulesMax) {
      problems_.add(list, fmt::format("{} rules; at most {} are possible", list.children.size(), rules::kRulesMax));
      return all;
    }
    all.reserve(list.children.size());
    for (const YamlNode* node : list.children) {
      if (problems_.full()) break;
      all.push_back(read(*node));
    }
    return all;
  }

 private:
  Rule read(const YamlNode& node) {
    Rule rule{.name = "", .position = problems_.position(node)};
    if (!node.is_map()) {
      problems_.add(node, fmt::format("expected a rule (a map with name and limit), found {}", node.describe()));
      return rule;
    }
    read_name(node, rule);
    if (!rule.name.empty()) problems_.set_context(fmt::format("rule '{}': ", rule.name));
    read_keys(node, rule);
    problems_.set_context({});
    return rule;
  }

  void read_keys(const YamlNode& node, Rule& rule) {
    const size_t problems_before = problems_.count();
    nodes_.check_keys(node, "a rule", rule_keys_);
    // A misspelt key is probably the one that seems to be missing.
    const bool all_known = problems_.count() == problems_before;
    const auto missing_limit = all_known ? MissingLimit::kProblem : MissingLimit::kToldAlready;
    if (const YamlNode* match = node.find("match")) read_match(*match, rule.match, problems_);
    if (const YamlNode* when = node.find("when")) read_schedule(*when, rule.match.when, problems_);
    if (const YamlNode* group = node.find("group")) read_group(*group, rule.group);
    if (const YamlNode* per = node.find("per")) read_per(*per, rule.per);
    nodes_.read_choice(node, "missing", kMissing, rule.missing);
    nodes_.read_choice(node, "mode", kModes, rule.mode);
    read_prefixes(node, rule);
    read_limits(node, surroundings_.limits, missing_limit, rule, problems_);
    if (const YamlNode* cost = node.find("cost")) read_cost(*cost, rule.cost, problems_);
    nodes_.read_choice(node, "on_store_failure", kFailures, rule.on_store_failure);
    nodes_.read_choice(node, "consistency", kConsistencies, rule.consistency);
    if (const YamlNode* store = node.find("store")) {
      read_store(*store, rule.store);
    } else if (!surroundings_.has_store(rule.store)) {
      problems_.add(node, fmt::format("store is missing; there is no store {} in stores", quote(rule.store)));
    }
  }

  void read_name(const YamlNode& node, Rule& rule) {
    const YamlNode* name = node.find("name");
    if (!name) return problems_.add(node, "a rule without a name; expected name");
    const std::string* text = nodes_.text_of(*name, "a name");
    if (!text) return;
    if (const auto good = rules::check_rule_name(*text); !good) return problems_.add(*name, good.error().message);
    const auto [first, added] = names_.emplace(*text, name->line);
    if (!added) {
      problems_.add(*name, fmt::format("there is a rule named {} already, in line {}", quote(*text), first->second));
    }
    rule.name = *text;
  }

  void read_per(const YamlNode& node, std::vector<rules::Part>& per) {
    for (const YamlNode* item : nodes_.items_of(node, "what to count by, such as ip or [ip, route]")) {
      auto part = rules::Part::parse(item->text);
      if (part) {
        per.push_back(*std::move(part));
      } else {
        problems_.add(*item, part.error().message);
      }
    }
    if (const auto good = rules::check_parts(per); !good) problems_.add(node, good.error().message);
  }

  void read_group(const YamlNode& node, std::string& group) {
    const std::string* text = nodes_.text_of(node, "the name of a group");
    if (!text) return;
    if (const auto good = rules::check_group_name(*text); !good) return problems_.add(node, good.error().message);
    group = *text;
  }

  void read_prefix(const YamlNode& map, std::string_view key, uint64_t bits_max, std::optional<int>& bits) {
    const YamlNode* node = map.find(key);
    if (!node) return;
    if (const auto number = nodes_.number_of(*node, key, {.min = 1, .max = bits_max})) bits = static_cast<int>(*number);
  }

  void read_prefixes(const YamlNode& map, Rule& rule) {
    read_prefix(map, "ipv4_prefix", 32, rule.prefixes.v4);
    read_prefix(map, "ipv6_prefix", 128, rule.prefixes.v6);
    if (rule.prefixes == rules::AddressPrefixes{} || rule.missing == Missing::kIp) return;
    if (std::ranges::find(rule.per, rules::PartKind::kIp, &rules::Part::kind) != rule.per.end()) return;
    const std::string_view key = rule.prefixes.v4 ? "ipv4_prefix" : "ipv6_prefix";
    problems_.add(*map.find(key), fmt::format("{} goes with per: ip or missing: ip", key));
  }

  void read_store(const YamlNode& node, std::string& store) {
    const std::string* text = nodes_.text_of(node, "the name of a store");
    if (!text) return;
    if (!surroundings_.has_store(*text))
      problems_.add(node, fmt::format("there is no store {} in stores", quote(*text)));
    store = *text;
  }

  const RuleSurroundings& surroundings_;
  Problems& problems_;
  NodeReader nodes_;
  const std::vector<std::string_view> rule_keys_ = rule_keys_in("");
  std::unordered_map<std::string, int> names_;  // and the line of each
};

}  // namespace

std::vector<Rule> read_rules(const YamlNode& list, const RuleSurroundings& surroundings, Problems& problems) {
  return RuleReader(surroundings, problems).read_all(list);
}

}  // namespace rateguard::config

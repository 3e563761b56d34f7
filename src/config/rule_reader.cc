#include "config/rule_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "config/choice.h"
#include "config/limit_reader.h"
#include "config/settings_table.h"
#include "rules/host_pattern.h"
#include "rules/path_pattern.h"
#include "rules/rule_check.h"

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

// The keys of a rule or, with the section's name and a dot, of a part of it.
std::vector<std::string_view> rule_keys_in(std::string_view section) {
  std::vector<std::string_view> keys;
  for (const RuleKey& row : rule_keys()) {
    if (!row.key.starts_with(section)) continue;
    const std::string_view key = row.key.substr(section.size());
    if (!key.contains('.')) keys.push_back(key);
  }
  return keys;
}

bool holds(const std::vector<std::string_view>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

char ascii_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

class RuleReader {
 public:
  RuleReader(const std::function<bool(std::string_view)>& has_store, Problems& problems)
      : has_store_(has_store), problems_(problems) {}

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
    check_keys(node, "a rule", rule_keys_, {});
    read_name(node, rule);
    if (const YamlNode* match = node.find("match")) read_match(*match, rule.match);
    if (const YamlNode* per = node.find("per")) read_per(*per, rule.per);
    read_limits(node, rule, problems_);
    read_choice(node, "missing", kMissing, rule.missing);
    read_choice(node, "mode", kModes, rule.mode);
    read_choice(node, "on_store_failure", kFailures, rule.on_store_failure);
    read_choice(node, "consistency", kConsistencies, rule.consistency);
    if (const YamlNode* store = node.find("store")) {
      read_store(*store, rule.store);
    } else if (!has_store_(rule.store)) {
      problems_.add(node, fmt::format("store is missing; there is no store {} in stores", quote(rule.store)));
    }
    return rule;
  }

  // `plurals` are accepted besides, each for the key that it is the plural of.
  void check_keys(const YamlNode& map, std::string_view section, const std::vector<std::string_view>& known,
                  const std::vector<std::string_view>& plurals) {
    for (size_t i = 0; i < map.children.size() && !problems_.full(); i += 2) {
      const std::string& key = map.children[i]->text;
      if (holds(known, key) || holds(plurals, key)) continue;
      problems_.add(*map.children[i], unknown_key(key, section, known));
    }
  }

  // A scalar's text; a problem otherwise.
  const std::string* text_of(const YamlNode& node, std::string_view expected) {
    if (node.is_scalar()) return &node.text;
    problems_.add(node, fmt::format("expected {}, found {}", expected, node.describe()));
    return nullptr;
  }

  // The items of a list, or the one item that stands for a list of it.
  std::vector<const YamlNode*> items_of(const YamlNode& node, std::string_view expected) {
    if (!node.is_sequence()) return text_of(node, expected) ? std::vector{&node} : std::vector<const YamlNode*>{};
    if (node.children.empty()) problems_.add(node, fmt::format("expected {}, found an empty list", expected));
    std::vector<const YamlNode*> items;
    for (const YamlNode* item : node.children) {
      if (problems_.full()) break;
      if (text_of(*item, expected)) items.push_back(item);
    }
    return items;
  }

  void read_name(const YamlNode& node, Rule& rule) {
    const YamlNode* name = node.find("name");
    if (!name) return problems_.add(node, "a rule without a name; expected name");
    const std::string* text = text_of(*name, "a name");
    if (!text) return;
    if (const auto good = rules::check_rule_name(*text); !good) return problems_.add(*name, good.error().message);
    const auto [first, added] = names_.emplace(*text, name->line);
    if (!added) {
      problems_.add(*name, fmt::format("there is a rule named {} already, in line {}", quote(*text), first->second));
    }
    rule.name = *text;
  }

  void read_match(const YamlNode& node, rules::Match& match) {
    if (!node.is_map()) {
      return problems_.add(node, fmt::format("expected a map of method, host and path, found {}", node.describe()));
    }
    check_keys(node, "match", match_keys_, {"methods", "hosts", "paths"});
    for (const YamlNode* item : either(node, "method", "methods", "a method such as GET")) {
      std::string method = item->text;
      std::ranges::transform(method, method.begin(), ascii_upper);
      if (const auto good = rules::check_method(method); !good) problems_.add(*item, good.error().message);
      match.methods.push_back(std::move(method));
    }
    for (const YamlNode* item : either(node, "host", "hosts", "a host such as api.example.com")) {
      auto host = rules::HostPattern::parse(item->text);
      if (!host) {
        problems_.add(*item, host.error().message);
        continue;
      }
      match.hosts.push_back(host->subdomains ? "*" + host->name : host->name);
    }
    for (const YamlNode* item : either(node, "path", "paths", "a path such as /login")) {
      if (const auto path = rules::PathPattern::parse(item->text); !path) problems_.add(*item, path.error().message);
      match.paths.push_back(item->text);
    }
  }

  // The items under a key or its plural; both at once is a mistake.
  std::vector<const YamlNode*> either(const YamlNode& map, std::string_view key, std::string_view plural,
                                      std::string_view expected) {
    const YamlNode* one = map.find(key);
    const YamlNode* many = map.find(plural);
    if (one && many) problems_.add(*many, fmt::format("both {} and {}; expected one of them", key, plural));
    const YamlNode* node = one ? one : many;
    return node ? items_of(*node, expected) : std::vector<const YamlNode*>{};
  }

  void read_per(const YamlNode& node, std::vector<rules::Part>& per) {
    for (const YamlNode* item : items_of(node, "what to count by, such as ip or [ip, route]")) {
      auto part = rules::Part::parse(item->text);
      if (part) {
        per.push_back(*std::move(part));
      } else {
        problems_.add(*item, part.error().message);
      }
    }
    if (const auto good = rules::check_parts(per); !good) problems_.add(node, good.error().message);
  }

  template <typename T, size_t N>
  void read_choice(const YamlNode& map, std::string_view key, const Choice<T> (&choices)[N], T& field) {
    const YamlNode* node = map.find(key);
    if (!node) return;
    const std::string* text = text_of(*node, "a word");
    if (!text) return;
    if (const auto value = choose(choices, *text)) {
      field = *value;
    } else {
      problems_.add(*node, fmt::format("{}: {}", key, value.error().message));
    }
  }

  void read_store(const YamlNode& node, std::string& store) {
    const std::string* text = text_of(node, "the name of a store");
    if (!text) return;
    if (!has_store_(*text)) problems_.add(node, fmt::format("there is no store {} in stores", quote(*text)));
    store = *text;
  }

  const std::function<bool(std::string_view)>& has_store_;
  Problems& problems_;
  const std::vector<std::string_view> rule_keys_ = rule_keys_in("");
  const std::vector<std::string_view> match_keys_ = rule_keys_in("match.");
  std::unordered_map<std::string, int> names_;  // and the line of each
};

}  // namespace

std::vector<Rule> read_rules(const YamlNode& list, const std::function<bool(std::string_view)>& has_store,
                             Problems& problems) {
  return RuleReader(has_store, problems).read_all(list);
}

}  // namespace rateguard::config

#include "config/match_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "config/node_reader.h"
#include "rules/conditions.h"
#include "rules/host_pattern.h"
#include "rules/path_pattern.h"
#include "rules/rule_check.h"

namespace rateguard::config {
namespace {

using rules::Part;
using rules::PartKind;
using rules::ValueCondition;

constexpr std::string_view kValueExpected = "a value, a list of them, {present: true} or {not: ...}";

char ascii_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

class MatchReader {
 public:
  MatchReader(rules::Match& match, Problems& problems) : match_(match), problems_(problems), nodes_(problems) {}

  void read(const YamlNode& node) {
    if (!node.is_map()) {
      return problems_.add(node, fmt::format("expected a map such as {{path: /login}}, found {}", node.describe()));
    }
    const size_t before = problems_.count();
    nodes_.check_keys(
        node, "match", rule_keys_in("match."),
        {"methods", "hosts", "paths", "ips", "users", "not_methods", "not_hosts", "not_paths", "not_ips", "not_users"});
    read_targets(node);
    read_addresses(node, "ip", match_.address.inside);
    read_addresses(node, "not_ip", match_.address.outside);
    read_identities(node);
    read_named(node, "header", PartKind::kHeader);
    read_named(node, "cookie", PartKind::kCookie);
    read_named(node, "jwt", PartKind::kClaim);
    if (problems_.count() != before) return;  // a partly read match may contradict itself
    if (const std::string why = rules::why_nothing_matches(match_); !why.empty()) {
      problems_.add(node, fmt::format("no request can match: {}", why));
    }
  }

 private:
  void read_targets(const YamlNode& node) {
    read_methods(node, "method", match_.methods);
    read_methods(node, "not_method", match_.except.methods);
    read_hosts(node, "host", match_.hosts);
    read_hosts(node, "not_host", match_.except.hosts);
    read_paths(node, "path", match_.paths);
    read_paths(node, "not_path", match_.except.paths);
  }

  void read_methods(const YamlNode& node, std::string_view key, std::vector<std::string>& methods) {
    for (const YamlNode* item : nodes_.items_under(node, key, "a method such as GET")) {
      std::string method = item->text;
      std::ranges::transform(method, method.begin(), ascii_upper);
      if (const auto good = rules::check_method(method); !good) problems_.add(*item, good.error().message);
      methods.push_back(std::move(method));
    }
  }

  void read_hosts(const YamlNode& node, std::string_view key, std::vector<std::string>& hosts) {
    for (const YamlNode* item : nodes_.items_under(node, key, "a host such as api.example.com")) {
      auto host = rules::HostPattern::parse(item->text);
      if (!host) {
        problems_.add(*item, host.error().message);
        continue;
      }
      hosts.push_back(host->subdomains ? "*" + host->name : host->name);
    }
  }

  void read_paths(const YamlNode& node, std::string_view key, std::vector<std::string>& paths) {
    for (const YamlNode* item : nodes_.items_under(node, key, "a path such as /login")) {
      if (const auto path = rules::PathPattern::parse(item->text); !path) problems_.add(*item, path.error().message);
      paths.push_back(item->text);
    }
  }

  void read_addresses(const YamlNode& node, std::string_view key, std::vector<IpPrefix>& prefixes) {
    for (const YamlNode* item : nodes_.items_under(node, key, "an address or prefix such as 10.0.0.0/8")) {
      const auto prefix = IpPrefix::parse(item->text);
      if (!prefix) {
        problems_.add(*item, fmt::format("{}: {}", key, prefix.error().message));
      } else if (const auto good = rules::check_condition_prefix(*prefix); !good) {
        problems_.add(*item, fmt::format("{}: {}", key, good.error().message));
      } else {
        prefixes.push_back(*prefix);
      }
    }
  }

  void read_identities(const YamlNode& node) {
    struct Identity {
      std::string_view key;
      PartKind kind;
    };
    static constexpr std::array<Identity, 4> kIdentities = {{{"user", PartKind::kUser},
                                                             {"api_key", PartKind::kApiKey},
                                                             {"workspace", PartKind::kWorkspace},
                                                             {"plan", PartKind::kPlan}}};
    for (const auto& [key, kind] : kIdentities) {
      const YamlNode* const value = node.find(key);
      if (value != nullptr && value->is_map()) {
        read_condition(*value, key, {.kind = kind});
      } else if (const auto items = nodes_.items_under(node, key, kValueExpected); !items.empty()) {
        add_values({.kind = kind}, ValueCondition::Kind::kOneOf, items);
      }
      const auto excepted = nodes_.items_under(node, fmt::format("not_{}", key), "a value, or a list of them");
      if (!excepted.empty()) add_values({.kind = kind}, ValueCondition::Kind::kNoneOf, excepted);
    }
  }

  // A map from the names of headers, cookies or claims to their conditions.
  void read_named(const YamlNode& node, std::string_view key, PartKind kind) {
    const YamlNode* const named = node.find(key);
    if (named == nullptr) return;
    if (!named->is_map() || named->children.empty()) {
      return problems_.add(*named,
                           fmt::format("{}: expected a map of names to values, such as {{{}: [a, b]}}, found {}", key,
                                       kind == PartKind::kHeader ? "X-Plan" : "plan",
                                       named->is_map() ? "an empty one" : named->describe()));
    }
    for (size_t i = 0; i < named->children.size() && !problems_.full(); i += 2) {
      const YamlNode& name = *named->children[i];
      const auto part = Part::parse(fmt::format("{}:{}", key, name.text));
      if (!part) {
        problems_.add(name, part.error().message);
      } else if (is_compared_already(*part)) {
        problems_.add(name, fmt::format("{} is given twice; names of headers have no case", part->to_string()));
      } else {
        read_condition(*named->children[i + 1], part->to_string(), *part);
      }
    }
  }

  bool is_compared_already(const Part& part) const {
    return part.kind == PartKind::kHeader && std::ranges::any_of(match_.values, [&](const ValueCondition& condition) {
             return condition.of.kind == part.kind &&
                    std::ranges::equal(condition.of.name, part.name, {}, ascii_upper, ascii_upper);
           });
  }

  // Values, {present: true}, {not: values}.
  void read_condition(const YamlNode& node, std::string_view name, const Part& of) {
    if (!node.is_map()) {
      const auto items = nodes_.items_of(node, fmt::format("{} to be {}", name, kValueExpected));
      if (!items.empty()) add_values(of, ValueCondition::Kind::kOneOf, items);
      return;
    }
    if (node.children.empty()) {
      return problems_.add(node, fmt::format("{}: expected {}, found an empty map", name, kValueExpected));
    }
    nodes_.check_keys(node, name, {"present", "not"});
    if (const YamlNode* present = node.find("present")) {
      const bool is_truth = present->is_scalar() && !present->quoted;
      if (is_truth && (present->text == "true" || present->text == "false")) {
        match_.values.push_back(
            {.of = of,
             .kind = present->text == "true" ? ValueCondition::Kind::kPresent : ValueCondition::Kind::kAbsent});
      } else {
        problems_.add(*present, fmt::format("present: expected true or false, found {}", present->describe()));
      }
    }
    if (const YamlNode* excepted = node.find("not")) {
      const auto items = nodes_.items_of(*excepted, "a value, or a list of them");
      if (!items.empty()) add_values(of, ValueCondition::Kind::kNoneOf, items);
    }
  }

  void add_values(const Part& of, ValueCondition::Kind kind, const std::vector<const YamlNode*>& items) {
    ValueCondition& condition = match_.values.emplace_back(ValueCondition{.of = of, .kind = kind});
    for (const YamlNode* item : items) {
      if (const auto good = rules::check_condition_value(item->text); !good) {
        problems_.add(*item, fmt::format("{}: {}", of.to_string(), good.error().message));
      }
      condition.values.push_back(item->text);
    }
  }

  rules::Match& match_;
  Problems& problems_;
  NodeReader nodes_;
};

}  // namespace

void read_match(const YamlNode& node, rules::Match& match, Problems& problems) {
  MatchReader(match, problems).read(node);
}

}  // namespace rateguard::config

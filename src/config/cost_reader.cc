#include "config/cost_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "config/node_reader.h"
#include "model/ascii.h"
#include "rules/path_pattern.h"
#include "rules/rule_check.h"

namespace rateguard::config {
namespace {

constexpr WholeRange kCostRange = {.min = 0, .max = kUnitsMax};
constexpr WholeRange kSomeCostRange = {.min = 1, .max = kUnitsMax};

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

class CostReader {
 public:
  CostReader(rules::RuleCost& cost, Problems& problems) : cost_(cost), problems_(problems), nodes_(problems) {}

  void read(const YamlNode& node) {
    if (!node.is_map()) {
      if (const auto units = nodes_.number_of(node, "cost", kSomeCostRange)) cost_.units = *units;
      return;
    }
    if (node.children.empty()) {
      return problems_.add(node,
                           "cost: expected a number, or a map of default, by_method, by_path, header and max, found "
                           "an empty map");
    }
    nodes_.check_keys(node, "cost", rule_keys_in("cost."));
    if (const YamlNode* units = node.find("default")) {
      if (const auto number = nodes_.number_of(*units, "cost.default", kCostRange)) cost_.units = *number;
    }
    read_table(node, "by_method", "methods", [&](const YamlNode& key, uint64_t units) {
      std::string method = upper_case(key.text);
      if (const auto good = rules::check_method(method); !good) return problems_.add(key, good.error().message);
      const auto same = std::ranges::find(cost_.by_method, method, &std::pair<std::string, uint64_t>::first);
      if (same != cost_.by_method.end()) {
        return refuse_twice(key, "by_method", "methods compare without case");
      }
      cost_.by_method.emplace_back(std::move(method), units);
    });
    read_table(node, "by_path", "paths", [&](const YamlNode& key, uint64_t units) {
      const auto path = rules::PathPattern::parse(key.text);
      if (!path) return problems_.add(key, path.error().message);
      const auto is_same = [&](const rules::PathPattern& other) {
        return other.segments == path->segments && other.prefix == path->prefix;
      };
      if (const auto same = std::ranges::find_if(paths_, is_same); same != paths_.end()) {
        return refuse_twice(key, "by_path", fmt::format("'{}' matches the same paths", same->text));
      }
      paths_.push_back(*path);
      cost_.by_path.push_back({.path = key.text, .units = units});
    });
    read_header(node);
  }

 private:
  void refuse_twice(const YamlNode& key, std::string_view table, std::string_view why) {
    problems_.add(key, fmt::format("cost.{}: '{}' is there twice ({}); leave one of them out", table, key.text, why));
  }

  template <typename Add>
  void read_table(const YamlNode& map, std::string_view key, std::string_view of, Add add) {
    const YamlNode* const table = map.find(key);
    if (table == nullptr) return;
    if (!table->is_map() || table->children.empty()) {
      return problems_.add(*table, fmt::format("cost.{}: expected a map of {} to numbers, found {}", key, of,
                                               table->is_map() ? "an empty one" : table->describe()));
    }
    for (size_t i = 0; i < table->children.size() && !problems_.full(); i += 2) {
      const std::string name = fmt::format("cost.{}", key);
      if (const auto units = nodes_.number_of(*table->children[i + 1], name, kCostRange)) {
        add(*table->children[i], *units);
      }
    }
  }

  void read_header(const YamlNode& map) {
    const YamlNode* const header = map.find("header");
    const YamlNode* const most = map.find("max");
    if (most != nullptr && header == nullptr) return problems_.add(*most, "cost.max goes with cost.header");
    if (header == nullptr) return;
    const std::string* const name = nodes_.text_of(*header, "the name of a header");
    if (name == nullptr) return;
    if (!is_token(*name))
      return problems_.add(*header, fmt::format("cost.header: '{}' is not a valid header name", *name));
    if (most == nullptr) {
      return problems_.add(*header, "cost.max is missing: the most that the header may make a request cost");
    }
    if (const auto units = nodes_.number_of(*most, "cost.max", kSomeCostRange)) {
      cost_.header = *name;
      cost_.header_max = *units;
    }
  }

  rules::RuleCost& cost_;
  Problems& problems_;
  NodeReader nodes_;
  std::vector<rules::PathPattern> paths_;  // of by_path
};

}  // namespace

void read_cost(const YamlNode& node, rules::RuleCost& cost, Problems& problems) {
  CostReader(cost, problems).read(node);
}

}  // namespace rateguard::config

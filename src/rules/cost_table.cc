#include "rules/cost_table.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "model/ascii.h"

namespace rateguard::rules {
namespace {

PathTrie trie_of_costs(const std::vector<RuleCost::OfPath>& by_path) {
  std::vector<PathTrie::Entry> entries;
  for (uint32_t i = 0; i < by_path.size(); ++i) {
    entries.push_back({.pattern = PathPattern::parse(by_path[i].path).value(), .hit = {.rule = i}});
  }
  return PathTrie(entries);
}

// Decimal digits only, of any length: a number larger than any limit is kUnitsMax. nullopt if it is not a number.
std::optional<uint64_t> whole_number(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() ? std::min(number, kUnitsMax) : kUnitsMax;
}

}  // namespace

CostTable::CostTable(const RuleCost& cost) : cost_(cost), paths_(trie_of_costs(cost.by_path)) {}

uint64_t CostTable::units_for(const RequestView& asked) const {
  if (!cost_.header.empty()) {
    if (const auto units = whole_number(trim(find_header(asked.facts.headers, cost_.header)))) {
      return std::clamp<uint64_t>(*units, 1, cost_.header_max);
    }
  }
  if (!cost_.by_path.empty()) {
    asked.hits.clear();
    paths_.find(asked.path, asked.hits);
    if (!asked.hits.empty()) return cost_.by_path[asked.hits.front().rule].units;
  }
  for (const auto& [method, units] : cost_.by_method) {
    if (equal_ignoring_case(method, asked.facts.method)) return units;
  }
  return cost_.units;
}

Cost weighed(Cost asked, uint64_t units) {
  uint64_t product = 0;
  const bool fits = !__builtin_mul_overflow(asked.units, units, &product);
  return {fits ? std::min(product, kUnitsMax + 1) : kUnitsMax + 1, asked.movement};
}

}  // namespace rateguard::rules

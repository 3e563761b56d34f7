#include "simulate/logs/json_members.h"

#include <algorithm>

namespace rateguard::simulate {

JsonNames::JsonNames() : nodes_(1) {}

uint32_t JsonNames::Node::add(std::string_view name) {
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i].name == name) return static_cast<uint32_t>(i);
  }
  members.push_back({.name = std::string(name)});
  index();
  return static_cast<uint32_t>(members.size() - 1);
}

void JsonNames::Node::index() {
  // A quarter full, so that a name that is not wanted meets an empty place at once.
  size_t size = table.size();
  while (size < members.size() * 4) size *= 2;
  table.assign(size, 0);
  for (size_t m = 0; m < members.size(); ++m) {
    size_t i = hash(members[m].name) & (size - 1);
    while (table[i] != 0) i = (i + 1) & (size - 1);
    table[i] = static_cast<uint16_t>(m + 1);
  }
}

void JsonNames::add(std::string_view name, uint32_t slot) {
  add_below(0, name, slot);
}

// For every way to cut the name at its dots.
void JsonNames::add_below(uint32_t node, std::string_view name, uint32_t slot) {
  // There are 2^dots ways. A name with that many is cut at each of its first dots, or nowhere.
  constexpr auto kDotsMax = 6;
  const bool many = std::ranges::count(name, '.') > kDotsMax;
  const uint32_t whole = nodes_[node].add(name);
  nodes_[node].members[whole].slots.push_back(slot);
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    if (dot == 0 || dot + 1 == name.size()) continue;
    const uint32_t first = nodes_[node].add(name.substr(0, dot));
    if (nodes_[node].members[first].inside == kNone) {
      nodes_[node].members[first].inside = static_cast<uint32_t>(nodes_.size());
      nodes_.emplace_back();
    }
    add_below(nodes_[node].members[first].inside, name.substr(dot + 1), slot);
    if (many) break;
  }
}

}  // namespace rateguard::simulate

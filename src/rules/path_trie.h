// The paths of all rules, indexed by segments.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rules/flat_index.h"
#include "rules/path_pattern.h"

namespace rateguard::rules {

// One path of one rule.
struct PathHit {
  uint32_t rule = 0;
  uint32_t path = 0;  // its index in Match::paths
  uint32_t rank = 0;  // room for whoever sorts hits: where it stood before

  bool operator==(const PathHit&) const = default;
};

// Filled once, then read by any number of threads. A search follows the segments of the path: its cost does not depend
// on how many patterns lead elsewhere.
class PathTrie {
 public:
  void add(const PathPattern& pattern, PathHit hit);
  // Appends a hit for every pattern that matches a path in normal form, the most specific first: literal segments
  // before braces, longer patterns before the prefixes that cover them.
  void find(std::string_view path, std::vector<PathHit>& out) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Node {
    uint32_t any_child = kNone;  // behind a brace
    bool has_children = false;   // any by literal, in edges_
    std::vector<PathHit> ends = {};
    std::vector<PathHit> prefixes = {};
  };

  uint32_t add_node();
  void walk(uint32_t at, std::string_view rest, std::vector<PathHit>& out) const;

  std::vector<Node> nodes_ = {Node{}};
  FlatIndex edges_;  // scope: the parent; value: the child
};

}  // namespace rateguard::rules

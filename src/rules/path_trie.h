// The paths of all rules, indexed by segments.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "rules/flat_index.h"
#include "rules/path_pattern.h"

namespace rateguard::rules {

// One path of one rule.
struct PathHit {
  uint32_t rule = 0;
  uint32_t route = 0;  // the number that the path was added with
  uint32_t rank = 0;   // scratch for sorting: the position before
  uint32_t place = 0;  // in a group: the smaller, the more specific (specificity.h)

  bool operator==(const PathHit&) const = default;
};

// Immutable after it is made; any number of threads may read it. A search follows the segments of the path: its cost
// does not depend on how many patterns lead elsewhere. Nodes and hits are flat arrays, since with many rules a search
// is as slow as the memory it touches.
class PathTrie {
 public:
  struct Entry {
    PathPattern pattern;
    PathHit hit;
  };

  PathTrie() : PathTrie(std::span<const Entry>()) {}
  explicit PathTrie(std::span<const Entry> entries);

  // Appends a hit for every pattern that matches a path in normal form, the most specific first: literal segments
  // before braces, longer patterns before the prefixes that cover them.
  void find(std::string_view path, std::vector<PathHit>& out) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The hits of patterns that end here, then those of prefixes; the next node's begin after them.
  struct Node {
    uint32_t any_child = kNone;  // behind a brace
    uint32_t has_children = 0;   // literal ones, in edges_
    uint32_t hits_begin = 0;
    uint32_t prefixes_begin = 0;
  };

  uint32_t add_node();
  uint32_t add_path(const PathPattern& pattern);
  void walk(uint32_t at, std::string_view rest, std::vector<PathHit>& out) const;

  std::vector<Node> nodes_;  // the root first; one extra at the end
  std::vector<PathHit> hits_;
  FlatIndex edges_;  // scope: the parent; value: the child
};

}  // namespace rateguard::rules

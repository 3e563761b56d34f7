#include "rules/path_trie.h"

namespace rateguard::rules {

uint32_t PathTrie::add_node() {
  nodes_.emplace_back();
  return static_cast<uint32_t>(nodes_.size() - 1);
}

void PathTrie::add(const PathPattern& pattern, PathHit hit) {
  uint32_t at = 0;
  for (const auto& segment : pattern.segments) {
    if (segment.any) {
      uint32_t child = nodes_[at].any_child;
      if (child == kNone) {
        child = add_node();
        nodes_[at].any_child = child;
      }
      at = child;
      continue;
    }
    nodes_[at].has_children = true;
    const auto candidate = static_cast<uint32_t>(nodes_.size());
    const uint32_t child = edges_.find_or_add(at, segment.literal, candidate);
    if (child == candidate) add_node();
    at = child;
  }
  auto& hits = pattern.prefix ? nodes_[at].prefixes : nodes_[at].ends;
  hits.push_back(hit);
}

void PathTrie::find(std::string_view path, std::vector<PathHit>& out) const {
  walk(0, path == "/" ? std::string_view{} : path, out);
}

// `rest` is what remains of the path: empty, or a slash and a segment and so on. The depth of the recursion is that of
// the deepest pattern (at most kPathPatternMax / 2), whatever the request holds.
void PathTrie::walk(uint32_t at, std::string_view rest, std::vector<PathHit>& out) const {
  const Node& node = nodes_[at];
  if (rest.empty()) {
    out.insert(out.end(), node.ends.begin(), node.ends.end());
  } else if (node.has_children || node.any_child != kNone) {
    rest.remove_prefix(1);
    const size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view tail = rest.substr(end);
    if (node.has_children) {
      if (const auto child = edges_.find(at, rest.substr(0, end))) walk(*child, tail, out);
    }
    if (node.any_child != kNone) walk(node.any_child, tail, out);
  }
  out.insert(out.end(), node.prefixes.begin(), node.prefixes.end());
}

}  // namespace rateguard::rules

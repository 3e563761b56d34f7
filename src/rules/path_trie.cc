#include "rules/path_trie.h"

#include <algorithm>

namespace rateguard::rules {

PathTrie::PathTrie(std::span<const Entry> entries) {
  add_node();
  // The hits of each node, before the nodes know where their own begin.
  struct Hits {
    std::vector<PathHit> ends;
    std::vector<PathHit> prefixes;
  };
  std::vector<Hits> hits;
  for (const Entry& entry : entries) {
    const uint32_t at = add_path(entry.pattern);
    hits.resize(nodes_.size());
    (entry.pattern.prefix ? hits[at].prefixes : hits[at].ends).push_back(entry.hit);
  }
  hits.resize(nodes_.size());
  for (size_t i = 0; i < hits.size(); ++i) {
    nodes_[i].hits_begin = static_cast<uint32_t>(hits_.size());
    hits_.insert(hits_.end(), hits[i].ends.begin(), hits[i].ends.end());
    nodes_[i].prefixes_begin = static_cast<uint32_t>(hits_.size());
    hits_.insert(hits_.end(), hits[i].prefixes.begin(), hits[i].prefixes.end());
  }
  nodes_.push_back({.hits_begin = static_cast<uint32_t>(hits_.size())});
}

uint32_t PathTrie::add_node() {
  nodes_.emplace_back();
  return static_cast<uint32_t>(nodes_.size() - 1);
}

// The node at which the pattern ends.
uint32_t PathTrie::add_path(const PathPattern& pattern) {
  uint32_t at = 0;
  for (const auto& segment : pattern.segments) {
    if (segment.any) {
      const uint32_t child = nodes_[at].any_child == kNone ? add_node() : nodes_[at].any_child;
      nodes_[at].any_child = child;
      at = child;
      continue;
    }
    nodes_[at].has_children = 1;
    const auto candidate = static_cast<uint32_t>(nodes_.size());
    const uint32_t child = edges_.find_or_add(at, segment.literal, candidate);
    if (child == candidate) add_node();
    at = child;
  }
  return at;
}

void PathTrie::find(std::string_view path, std::vector<PathHit>& out) const {
  walk(0, path == "/" ? std::string_view{} : path, out);
}

// `rest` is what remains of the path: empty, or a slash and a segment and so on. The depth of the recursion is at most
// that of the deepest pattern (at most kPathPatternMax / 2), for any request.
void PathTrie::walk(uint32_t at, std::string_view rest, std::vector<PathHit>& out) const {
  const Node& node = nodes_[at];
  if (rest.empty()) {
    for (uint32_t i = node.hits_begin; i < node.prefixes_begin; ++i) out.push_back(hits_[i]);
  } else if (node.has_children != 0 || node.any_child != kNone) {
    size_t end = 1;
    while (end < rest.size() && rest[end] != '/') ++end;
    const std::string_view tail = rest.substr(end);
    if (node.has_children != 0) {
      if (const auto child = edges_.find(at, rest.substr(1, end - 1))) walk(*child, tail, out);
    }
    if (node.any_child != kNone) walk(node.any_child, tail, out);
  }
  const uint32_t hits_end = nodes_[at + 1].hits_begin;
  for (uint32_t i = node.prefixes_begin; i < hits_end; ++i) out.push_back(hits_[i]);
}

}  // namespace rateguard::rules

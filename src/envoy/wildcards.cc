#include "envoy/wildcards.h"

#include <algorithm>

namespace rateguard::envoy {

bool matches_pattern(std::string_view pattern, std::string_view text) {
  // Each star takes as little as it can: if the rest does not fit, the last star seen takes one byte more. Earlier
  // stars never need to, so the work is at most the product of the lengths.
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

void Wildcards::add(uint32_t& group, std::string_view pattern, uint32_t value) {
  if (group == kNoGroup) {
    group = static_cast<uint32_t>(groups_.size());
    groups_.emplace_back();
  }
  Group& in = groups_[group];
  const size_t prefix = pattern.find('*');
  const size_t suffix = pattern.size() - pattern.rfind('*') - 1;
  auto shape =
      std::ranges::find_if(in.shapes, [&](const Shape& s) { return s.prefix == prefix && s.suffix == suffix; });
  if (shape == in.shapes.end()) {
    shape = in.shapes.insert(shape, {.prefix = prefix, .suffix = suffix, .scope = shapes_++});
  }
  std::string ends(pattern.substr(0, prefix));
  ends += pattern.substr(pattern.size() - suffix);
  const auto added = static_cast<uint32_t>(lists_.size());
  const uint32_t list = by_ends_.find_or_add(shape->scope, ends, added);
  if (list == added) lists_.emplace_back();
  lists_[list].push_back({.text = std::string(pattern), .value = value, .order = in.size++});
}

std::optional<uint32_t> Wildcards::find(uint32_t group, std::string_view text, std::string& scratch) const {
  if (group == kNoGroup) return std::nullopt;
  const Pattern* best = nullptr;
  for (const Shape& shape : groups_[group].shapes) {
    if (shape.prefix + shape.suffix > text.size()) continue;
    std::string_view ends = text.substr(0, shape.prefix);
    if (shape.suffix != 0) {
      scratch.assign(ends);
      scratch += text.substr(text.size() - shape.suffix);
      ends = scratch;
    }
    const auto list = by_ends_.find(shape.scope, ends);
    if (!list) continue;
    for (const Pattern& pattern : lists_[*list]) {
      if (best != nullptr && best->order < pattern.order) break;
      if (!matches_pattern(pattern.text, text)) continue;
      best = &pattern;
      break;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(best->value);
}

}  // namespace rateguard::envoy

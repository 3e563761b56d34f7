// Values with '*' in them: which of many such patterns fits a text first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/flat_index.h"

namespace rateguard::envoy {

// Whether `text` fits `pattern`, in which each '*' stands for any text, even an empty one.
bool matches_pattern(std::string_view pattern, std::string_view text);

// Patterns in groups (the sibling descriptors of one key), filled once, then read by any number of threads.
//
// A group is searched by shape: the lengths of a pattern's parts before its first '*' and after its last. The cost of a
// search follows the number of shapes in the group, not of patterns; patterns that agree in both ends and differ only
// between two stars are tried one after another.
class Wildcards {
 public:
  static constexpr uint32_t kNoGroup = UINT32_MAX;

  // Adds a pattern after those of `group`, which is created if it is kNoGroup. REQUIRES: it has a '*' and is shorter
  // than 65536 bytes.
  void add(uint32_t& group, std::string_view pattern, uint32_t value);
  // The value of the first pattern of the group, in the order of add(), that fits. `scratch` is working memory.
  std::optional<uint32_t> find(uint32_t group, std::string_view text, std::string& scratch) const;

 private:
  struct Pattern {
    std::string text;
    uint32_t value = 0;
    uint32_t order = 0;  // in its group
  };
  struct Shape {
    size_t prefix = 0;
    size_t suffix = 0;
    uint32_t scope = 0;  // in by_ends_
  };
  struct Group {
    std::vector<Shape> shapes;
    uint32_t size = 0;
  };

  std::vector<Group> groups_;
  std::vector<std::vector<Pattern>> lists_;  // patterns that agree in both ends, in order
  rules::FlatIndex by_ends_;                 // (shape, both ends) -> lists_
  uint32_t shapes_ = 0;
};

}  // namespace rateguard::envoy

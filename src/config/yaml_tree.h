// YAML text as a small tree with the position of every node.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rateguard::config {

struct YamlNode {
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  bool quoted = false;  // a scalar in quotes, a block scalar, or one tagged !!str: always text
  int line = 1;
  int column = 1;  // in bytes, as counted by the parser
  std::string text = {};
  // A sequence's items; a map's keys and values in turn. Keys are scalars without duplicates. An alias is the node that
  // it names. The entries of a merge key (<<) come after the map's own.
  std::vector<const YamlNode*> children = {};

  bool is_map() const { return kind == Kind::kMap; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_null() const { return kind == Kind::kNull; }

  // A map's value; null if it has none, or this is not a map.
  const YamlNode* find(std::string_view key) const;
  // A description for a message: "a list", "'5/x'". Long text is cut, control characters are replaced.
  std::string describe() const;
};

// Owns its nodes. The root of an empty text is a null node.
class YamlDocument {
 public:
  const YamlNode& root() const { return *root_; }

 private:
  friend class TreeBuilder;
  std::deque<YamlNode> nodes_;
  const YamlNode* root_ = nullptr;
};

// Bounds on a file: enough for the most rules (rules::kRulesMax, 100,000), and harmless.
inline constexpr size_t kYamlBytesMax = 16 << 20;
// Forty for each rule, with every alias counted as the nodes that it names. A rule with its name, match, per and limit
// has some twelve.
inline constexpr size_t kYamlNodesMax = 4'000'000;
inline constexpr int kYamlDepthMax = 32;

// Which value counts if a map gives a key itself and also merges it (<<, https://yaml.org/type/merge.html).
enum class MergeOrder : uint8_t {
  kOwnKeysWin,    // wherever the merge key is, as YAML defines it
  kMergeKeyFirst  // a key before a merge key that also brings it is refused, since parsers disagree
};

// One document of UTF-8, with merge keys and the tags of the core schema (!!str, !!int, !!float, !!bool, !!null, !!seq,
// !!map, !!merge). Errors: kInvalid with a position: broken YAML, a second document, duplicate keys, other tags, a tag
// that its value does not fit, control characters, an exceeded bound.
Result<YamlDocument> parse_yaml(std::string_view text, const std::string& file_name,
                                MergeOrder merge_order = MergeOrder::kOwnKeysWin);

}  // namespace rateguard::config

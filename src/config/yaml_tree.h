// YAML text as a small tree that remembers where everything stood.
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
  bool quoted = false;  // a scalar in quotes, or a block scalar: text, whatever it looks like
  int line = 1;
  int column = 1;  // in characters
  std::string text = {};
  // A sequence's items; a map's keys and values in turn. Keys are scalars, none twice. An alias is the node it names.
  std::vector<const YamlNode*> children = {};

  bool is_map() const { return kind == Kind::kMap; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_null() const { return kind == Kind::kNull; }

  // A map's value; null where there is none, or this is no map.
  const YamlNode* find(std::string_view key) const;
  // What it is, for a message: "a list", "'5/x'". Long text is cut, control characters are replaced.
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

// Bounds on a file: far above what 10,000 rules need, far below what would hurt.
inline constexpr size_t kYamlBytesMax = 16 << 20;
inline constexpr size_t kYamlNodesMax = 1'000'000;  // with every alias counted as what it stands for
inline constexpr int kYamlDepthMax = 32;

// One document of UTF-8. Errors: kInvalid with a position: broken YAML, a second document, duplicate keys, tags,
// control characters, a bound that was passed.
Result<YamlDocument> parse_yaml(std::string_view text, const std::string& file_name);

}  // namespace rateguard::config

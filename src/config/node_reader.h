// What the readers of rules share: reading a node as text, as a list, as one of a few words.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"
#include "config/yaml_tree.h"
#include "settings/choice.h"
#include "text/number.h"

namespace rateguard::config {

// The keys of a rule, or of a section of it, named with a dot ("match.").
std::vector<std::string_view> rule_keys_in(std::string_view section);

// Whether a key is a user's own ("x-defaults"), which is ignored: a place for anchors.
bool is_own_key(std::string_view key);

// Reads nodes; reports errors to the problems, at the wrong node.
class NodeReader {
 public:
  explicit NodeReader(Problems& problems) : problems_(problems) {}

  Problems& problems() { return problems_; }
  // Reports each unknown key of a map. `plurals` are accepted too, each for its
  // singular.
  void check_keys(const YamlNode& map, std::string_view section, const std::vector<std::string_view>& known,
                  const std::vector<std::string_view>& plurals = {});
  // A scalar's text; otherwise null and a problem.
  const std::string* text_of(const YamlNode& node, std::string_view expected);
  // The items of a list, or a single value as a list of one. An empty list is a problem.
  std::vector<const YamlNode*> items_of(const YamlNode& node, std::string_view expected);
  // The items under a key or its plural; none if it has neither. Both at once is a problem.
  std::vector<const YamlNode*> items_under(const YamlNode& map, std::string_view key, std::string_view expected);
  // A whole number without quotes under `name`; nullopt and a problem otherwise.
  std::optional<uint64_t> number_of(const YamlNode& node, std::string_view name, WholeRange range);

  // Sets `field` to one of a few words, if the map has the key.
  template <typename T, size_t N>
  void read_choice(const YamlNode& map, std::string_view key, const Choice<T> (&choices)[N], T& field) {
    const YamlNode* node = map.find(key);
    if (!node) return;
    const std::string* text = text_of(*node, "a word");
    if (!text) return;
    if (const auto value = choose(choices, *text)) {
      field = *value;
    } else {
      problems_.add(*node, fmt::format("{}: {}", key, value.error().message));
    }
  }

 private:
  Problems& problems_;
};

}  // namespace rateguard::config

#include "config/node_reader.h"

#include <algorithm>

#include "config/settings_table.h"

namespace rateguard::config {
namespace {

bool is_among(const std::vector<std::string_view>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

std::vector<std::string_view> rule_keys_in(std::string_view section) {
  std::vector<std::string_view> keys;
  for (const RuleKey& row : rule_keys()) {
    if (!row.key.starts_with(section)) continue;
    const std::string_view key = row.key.substr(section.size());
    if (!key.contains('.')) keys.push_back(key);
  }
  return keys;
}

bool is_own_key(std::string_view key) {
  return key.starts_with("x-");
}

void NodeReader::check_keys(const YamlNode& map, std::string_view section, const std::vector<std::string_view>& known,
                            const std::vector<std::string_view>& plurals) {
  for (size_t i = 0; i < map.children.size() && !problems_.full(); i += 2) {
    const std::string& key = map.children[i]->text;
    if (is_among(known, key) || is_among(plurals, key) || is_own_key(key)) continue;
    problems_.add(*map.children[i], unknown_key(key, section, known));
  }
}

const std::string* NodeReader::text_of(const YamlNode& node, std::string_view expected) {
  if (node.is_scalar()) return &node.text;
  problems_.add(node, fmt::format("expected {}, found {}", expected, node.describe()));
  return nullptr;
}

std::vector<const YamlNode*> NodeReader::items_of(const YamlNode& node, std::string_view expected) {
  if (!node.is_sequence()) return text_of(node, expected) ? std::vector{&node} : std::vector<const YamlNode*>{};
  if (node.children.empty()) problems_.add(node, fmt::format("expected {}, found an empty list", expected));
  std::vector<const YamlNode*> items;
  for (const YamlNode* item : node.children) {
    if (problems_.full()) break;
    if (text_of(*item, expected)) items.push_back(item);
  }
  return items;
}

std::vector<const YamlNode*> NodeReader::items_under(const YamlNode& map, std::string_view key,
                                                     std::string_view expected) {
  const std::string plural = std::string(key) + "s";
  const YamlNode* one = map.find(key);
  const YamlNode* many = map.find(plural);
  if (one && many) problems_.add(*many, fmt::format("both {} and {}; expected one of them", key, plural));
  const YamlNode* node = one ? one : many;
  return node ? items_of(*node, expected) : std::vector<const YamlNode*>{};
}

std::optional<uint64_t> NodeReader::number_of(const YamlNode& node, std::string_view name, WholeRange range) {
  const auto number = node.is_scalar() && !node.quoted ? parse_whole(node.text, range) : std::nullopt;
  if (number) return *number;
  problems_.add(node, fmt::format("{}: expected a whole number from {} to {}, found {}", name, range.min, range.max,
                                  node.quoted ? "a text in quotes" : node.describe()));
  return std::nullopt;
}

}  // namespace rateguard::config

#include "app/catalog/declaration.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "app/catalog/declared_fields.h"
#include "config/problems.h"
#include "config/yaml_tree.h"
#include "server/admin/field_check.h"
#include "server/admin/json_node.h"
#include "server/admin/record_json.h"
#include "text/json_text.h"
#include "text/number.h"

namespace rateguard::app {
namespace {

using admin::JsonNode;
using config::YamlNode;

JsonNode text_node(std::string text) {
  return {.kind = JsonNode::Kind::kString, .text = std::move(text)};
}

JsonNode whole_node(const YamlNode& node) {
  int64_t number = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, number);
  if (node.quoted || error != std::errc() || stop != end) return text_node(node.text);  // refused by its type
  return {.kind = JsonNode::Kind::kInteger, .integer = number};
}

// Whether a plain scalar stands for itself in JSON too.
bool is_json_word(const YamlNode& node) {
  if (node.quoted) return false;
  if (node.text == "true" || node.text == "false" || node.text == "null") return true;
  std::string_view digits = node.text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  return parse_decimal(digits).has_value();
}

void append_definition(std::string& out, const YamlNode& node) {
  if (node.is_null()) {
    out += "null";
  } else if (node.is_scalar()) {
    is_json_word(node) ? void(out += node.text) : append_json_string(out, node.text);
  } else {
    out += node.is_map() ? '{' : '[';
    for (size_t i = 0; i < node.children.size(); ++i) {
      const bool is_value = node.is_map() && i % 2 == 1;
      if (i > 0) out += is_value ? ':' : ',';
      if (node.is_map() && !is_value) {
        append_json_string(out, node.children[i]->text);
      } else {
        append_definition(out, *node.children[i]);
      }
    }
    out += node.is_map() ? '}' : ']';
  }
}

// A map under "definition" is the entry that it describes, kept as JSON; its name is that of the record.
std::string definition_text(const YamlNode& node, std::string_view name) {
  std::string entry;
  append_definition(entry, node);
  if (node.find("name") != nullptr) return entry;
  std::string out = "{\"name\":";
  append_json_string(out, name);
  if (entry != "{}") out += ',';
  return out + entry.substr(1);
}

class DeclarationReader {
 public:
  explicit DeclarationReader(const std::string& file_name) : problems_(file_name) {}

  Result<Declaration> read(const YamlNode& root) {
    if (root.is_map()) {
      read_sections(root);
    } else if (!root.is_null()) {
      problems_.add(root, fmt::format("expected sections such as 'plans' and 'workspaces', found {}", root.describe()));
    }
    if (!problems_.empty()) return std::unexpected(problems_.to_error());
    return std::move(out_);
  }

 private:
  void read_sections(const YamlNode& root) {
    std::vector<std::string_view> known;
    for (const ResourceNoun* noun : declared_nouns()) known.push_back(noun->noun);
    for (size_t i = 0; i + 1 < root.children.size(); i += 2) {
      const YamlNode& key = *root.children[i];
      if (std::ranges::find(known, key.text) == known.end() && !key.text.starts_with("x-")) {
        problems_.add(key, config::unknown_key(key.text, "the file", known));
      }
    }
    for (const ResourceNoun* noun : declared_nouns()) {
      if (const YamlNode* const section = root.find(noun->noun)) read_section(*noun, *section);
    }
  }

  void read_section(const ResourceNoun& noun, const YamlNode& section) {
    out_.sections.insert(noun.kind);
    if (section.is_null()) return;
    if (!section.is_sequence()) {
      return problems_.add(section, fmt::format("{}: expected a list, found {}", noun.noun, section.describe()));
    }
    std::map<std::string, int> lines;
    for (const YamlNode* const entry : section.children) {
      if (problems_.full()) return;
      if (!entry->is_map()) {
        problems_.add(*entry, fmt::format("{}: expected a map, found {}", noun.noun, entry->describe()));
        continue;
      }
      read_entry(noun, *entry);
      if (out_.records.empty() || !problems_.empty()) continue;
      const std::string identity = identity_of(out_.records.back().record);
      const auto [first, is_new] = lines.emplace(identity, entry->line);
      if (!is_new) {
        problems_.add(*entry, fmt::format("{} '{}' is declared twice; the first is in line {}", noun.singular, identity,
                                          first->second));
      }
    }
  }

  void read_entry(const ResourceNoun& noun, const YamlNode& entry) {
    const YamlNode* const name = entry.find("name");
    problems_.set_context(name != nullptr && name->is_scalar() ? fmt::format("{} '{}': ", noun.singular, name->text)
                                                               : fmt::format("{}: ", noun.singular));
    JsonNode body = {.kind = JsonNode::Kind::kObject};
    std::map<std::string, const YamlNode*, std::less<>> places;  // by the field's name
    std::vector<std::string_view> known;
    for (const DeclaredField& field : declared_fields(noun.kind)) {
      known.push_back(field.key);
      const YamlNode* const value = entry.find(field.key);
      if (value == nullptr || value->is_null()) continue;
      places[std::string(field.field)] = value;
      body.members.emplace_back(field.field, read_value(field, *value, name == nullptr ? "" : name->text));
    }
    for (size_t i = 0; i + 1 < entry.children.size(); i += 2) {
      const YamlNode& key = *entry.children[i];
      if (std::ranges::find(known, key.text) != known.end()) continue;
      problems_.add(key, config::unknown_key(key.text, noun.noun, known));
    }
    check_entry(noun, entry, body, places);
    problems_.set_context({});
  }

  void check_entry(const ResourceNoun& noun, const YamlNode& entry, const JsonNode& body,
                   const std::map<std::string, const YamlNode*, std::less<>>& places) {
    DeclaredRecord declared = {
        .noun = &noun, .record = catalog::empty_record(noun.kind), .position = problems_.position(entry)};
    admin::BodyReading reading = admin::read_record(body, admin::BodyFor::kCreation, {}, declared.record);
    if (reading.errors.empty()) reading.errors = admin::check_record(declared.record, reading.fields);
    for (const http_api::FieldError& error : reading.errors) {
      const auto place = places.find(error.field);
      const auto& fields = declared_fields(noun.kind);
      const auto field = std::ranges::find(fields, error.field, &DeclaredField::field);
      const std::string_view key = field == fields.end() ? std::string_view(error.field) : field->key;
      problems_.add(place == places.end() ? entry : *place->second, fmt::format("{}: {}", key, error.detail));
    }
    declared.given.insert(reading.fields.begin(), reading.fields.end());
    if (reading.errors.empty()) out_.records.push_back(std::move(declared));
  }

  JsonNode read_value(const DeclaredField& field, const YamlNode& node, std::string_view name) {
    if (field.field == "definition" && node.is_map()) return text_node(definition_text(node, name));
    if (node.is_scalar()) return field.is_number ? whole_node(node) : text_node(node.text);
    JsonNode out = {.kind = node.is_map() ? JsonNode::Kind::kObject : JsonNode::Kind::kArray};
    for (size_t i = 0; i < node.children.size(); ++i) {
      const YamlNode& child = *node.children[i];
      JsonNode value = child.is_scalar() ? text_node(child.text) : JsonNode{.kind = JsonNode::Kind::kArray};
      if (node.is_sequence()) {
        out.items.push_back(std::move(value));
      } else if (i % 2 == 1) {
        out.members.emplace_back(node.children[i - 1]->text, std::move(value));
      }
    }
    return out;
  }

  config::Problems problems_;
  Declaration out_;
};

}  // namespace

Result<Declaration> parse_declaration(std::string_view text, const std::string& file_name) {
  const auto document = config::parse_yaml(text, file_name);
  if (!document) return std::unexpected(document.error());
  return DeclarationReader(file_name).read(document->root());
}

}  // namespace rateguard::app

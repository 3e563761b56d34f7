#include "app/catalog/declaration_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>

#include "app/catalog/declared_fields.h"
#include "app/catalog/record_directory.h"
#include "config/yaml_tree.h"
#include "text/json_text.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;

// Whether YAML reads the text as itself without quotes: words that are no word of another type in any version of YAML.
bool is_plain(std::string_view text) {
  const auto is_inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./@").contains(c);
  };
  const bool is_word = !text.empty() && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z')) &&
                       std::ranges::all_of(text, is_inner);
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  for (const std::string_view other : {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}) {
    if (lower == other) return false;
  }
  return is_word;
}

std::string scalar(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string quoted;
  append_json_string(quoted, text);
  // No file of YAML may have this control character as it is, and JSON does not escape it.
  for (size_t at = quoted.find('\x7f'); at != std::string::npos; at = quoted.find('\x7f', at)) {
    quoted.replace(at, 1, "\\u007f");
  }
  return quoted;
}

std::string flow(const json::value& value) {
  if (value.is_string()) return scalar(value.as_string());
  std::string out;
  if (value.is_array()) {
    for (const json::value& item : value.as_array()) out += (out.empty() ? "" : ", ") + flow(item);
    return "[" + out + "]";
  }
  if (!value.is_object()) return json::serialize(value);
  for (const auto& [name, item] : value.as_object()) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", scalar(name), flow(item));
  }
  return "{" + out + "}";
}

// A definition of several lines as such, where YAML gives back the same text.
std::string definition(std::string_view text) {
  if (!text.contains('\n')) return scalar(text);
  std::string block = "|-\n      ";
  for (const char c : text) block += c == '\n' ? std::string("\n      ") : std::string(1, c);
  const auto read = config::parse_yaml("plans:\n  - definition: " + block + "\n", "definition");
  const config::YamlNode* const plans = read ? read->root().find("plans") : nullptr;
  const config::YamlNode* const again = plans != nullptr ? plans->children.front()->find("definition") : nullptr;
  return again != nullptr && again->text == text ? block : scalar(text);
}

class Exporter {
 public:
  explicit Exporter(CatalogService& service) : directory_(service) {}

  Result<std::string> run() {
    std::string out =
        "# A catalog of RateGuard, for `rateguard apply -f FILE`. Keys, members, tokens and secrets are not in it.\n";
    for (const ResourceNoun* const noun : declared_nouns()) {
      auto records = directory_.all(*noun);
      if (!records) return std::unexpected(records.error());
      if (records->empty()) continue;
      // By name, so that a file in a repository shows what has changed.
      std::ranges::sort(*records, {}, [noun](const json::object& record) { return display_name(*noun, record); });
      out += fmt::format("{}:\n", noun->noun);
      for (const json::object& record : *records) out += entry(*noun, record);
    }
    return out;
  }

 private:
  std::string entry(const ResourceNoun& noun, const json::object& record) {
    std::string out;
    const catalog::AnyRecord nothing = catalog::empty_record(noun.kind);
    for (const DeclaredField& field : declared_fields(noun.kind)) {
      const json::value* const value = field.is_secret ? nullptr : record.if_contains(field.field);
      if (value == nullptr || (!field.is_required && *value == field_value(nothing, field.field))) continue;
      out += fmt::format("{}{}: {}\n", out.empty() ? "  - " : "    ", field.key, value_text(field, *value));
    }
    return out;
  }

  std::string value_text(const DeclaredField& field, const json::value& value) {
    if (field.field == "definition" && value.is_string()) return definition(value.as_string());
    if (field.refers_to == nullptr || !value.is_string()) return flow(value);
    const std::string id(value.as_string());
    // A name that several have, or none, would not lead back.
    if (!field.refers_to->name_is_unique) return scalar(id);
    return scalar(directory_.name_of(field.refers_to->kind, id));
  }

  RecordDirectory directory_;
};

}  // namespace

Result<std::string> export_declaration(CatalogService& service) {
  return Exporter(service).run();
}

}  // namespace rateguard::app

#include "server/admin/record_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <type_traits>

#include "base/check.h"
#include "server/admin/resource.h"
#include "server/admin/timestamp.h"
#include "server/admin/unknown_name.h"
#include "text/json_text.h"
#include "text/quote.h"

namespace rateguard::admin {
namespace {

using catalog::AnyRecord;
using catalog::RecordField;
using catalog::RecordKind;
using catalog::Sha256;
using catalog::TextList;
using catalog::TextMap;
using Kind = JsonNode::Kind;

void append_value(std::string& out, const std::string& text) {
  append_json_string(out, text);
}
void append_value(std::string& out, int64_t number) {
  append_number(out, number);
}
void append_value(std::string& out, Instant at) {
  append_json_string(out, format_timestamp(at));
}
void append_value(std::string& out, const Sha256&) {
  out += "null";  // hidden wherever it is: resource_test.cc holds that
}
void append_value(std::string& out, const TextList& list) {
  out += '[';
  for (const std::string& entry : list) {
    if (&entry != &list.front()) out += ',';
    append_json_string(out, entry);
  }
  out += ']';
}
void append_value(std::string& out, const TextMap& map) {
  out += '{';
  bool is_first = true;
  for (const auto& [name, value] : map) {
    if (!is_first) out += ',';
    is_first = false;
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
  }
  out += '}';
}
template <catalog::IsChoice E>
void append_value(std::string& out, E choice) {
  append_json_string(out, catalog::choice_word(choice));
}
template <typename T>
void append_value(std::string& out, const std::optional<T>& value) {
  if (value) {
    append_value(out, *value);
  } else {
    out += "null";
  }
}

bool is_set(const auto&) {
  return true;
}
template <typename T>
bool is_set(const std::optional<T>& value) {
  return value.has_value();
}

// Why a value is not one of its field's type; empty: it is, and was set.
using Fault = std::string;

Fault expected(std::string_view what, const JsonNode& node) {
  return fmt::format("expected {}, found {}", what, node.describe());
}

Fault set_value(const JsonNode& node, std::string& text) {
  if (node.kind != Kind::kString) return expected("text", node);
  text = node.text;
  return {};
}
Fault set_value(const JsonNode& node, int64_t& number) {
  if (node.kind != Kind::kInteger) return expected("a whole number", node);
  number = node.integer;
  return {};
}
Fault set_value(const JsonNode& node, Instant& at) {
  const auto time = node.kind == Kind::kString ? parse_timestamp(node.text) : std::nullopt;
  if (!time) return expected("a time such as \"2026-12-31T00:00:00Z\"", node);
  at = *time;
  return {};
}
Fault set_value(const JsonNode& node, Sha256&) {
  return expected("nothing", node);
}
Fault set_value(const JsonNode& node, TextList& list) {
  if (node.kind != Kind::kArray) return expected("an array of texts", node);
  TextList texts;
  for (const JsonNode& item : node.items) {
    if (item.kind != Kind::kString) return expected("an array of texts", item);
    texts.push_back(item.text);
  }
  list = std::move(texts);
  return {};
}
Fault set_value(const JsonNode& node, TextMap& map) {
  if (node.kind != Kind::kObject) return expected("an object of texts", node);
  TextMap texts;
  for (const auto& [name, value] : node.members) {
    if (value.kind != Kind::kString) return fmt::format("{}: {}", quote(name), expected("text", value));
    texts.emplace(name, value.text);
  }
  map = std::move(texts);
  return {};
}
template <catalog::IsChoice E>
Fault set_value(const JsonNode& node, E& choice) {
  const auto value = node.kind == Kind::kString ? catalog::parse_choice<E>(node.text) : std::nullopt;
  if (!value) {
    return expected(fmt::format("one of {}", fmt::join(catalog::ChoiceWords<E>::kWords, ", ")), node);
  }
  choice = *value;
  return {};
}
template <typename T>
Fault set_value(const JsonNode& node, std::optional<T>& value) {
  if (node.kind == Kind::kNull) {
    value.reset();
    return {};
  }
  T given = {};
  Fault fault = set_value(node, given);
  if (fault.empty()) value = std::move(given);
  return fault;
}

// A definition may be given as the object that it describes: JSON is YAML.
bool takes_object(std::string_view field, const JsonNode& node) {
  return field == "definition" && node.kind == Kind::kObject;
}

std::string why_not_given(std::string_view name, FieldAccess use) {
  if (use == FieldAccess::kAtCreation) return "cannot be changed once it is made";
  return name == "revoked_at" ? "cannot be given; POST .../revoke revokes" : "cannot be given: the program sets it";
}

// Reads members into the fields of a record.
class RecordReader {
 public:
  RecordReader(const JsonNode& body, BodyFor purpose, RecordKind kind) : body_(body), purpose_(purpose), kind_(kind) {}

  template <typename T>
  void read(const RecordField& field, T& value) {
    const ResourceField row = resource_field(kind_, field);
    const bool is_hidden = row.use == FieldAccess::kHidden;
    if (!is_hidden) known_.push_back(field.name);
    const JsonNode* const node = is_hidden ? nullptr : body_.find(field.name);
    if (node == nullptr) {
      if (row.is_required && purpose_ == BodyFor::kCreation) fail(field.name, "is missing");
      return;
    }
    if (row.use == FieldAccess::kReadOnly || (row.use == FieldAccess::kAtCreation && purpose_ == BodyFor::kUpdate)) {
      return fail(field.name, why_not_given(field.name, row.use));
    }
    std::string fault;
    if constexpr (std::is_same_v<T, std::string>) {
      if (takes_object(field.name, *node)) {
        value = node->to_json();
        reading_.fields.emplace_back(field.name);
        return;
      }
    }
    fault = set_value(*node, value);
    if (!fault.empty()) return fail(field.name, std::move(fault));
    reading_.fields.emplace_back(field.name);
  }

  BodyReading take(std::span<const std::string_view> others) {
    known_.insert(known_.end(), others.begin(), others.end());
    for (const auto& [name, value] : body_.members) {
      if (std::ranges::find(known_, name) != known_.end()) continue;
      if (name == "id" || name == "version" || name == "created_at" || name == "updated_at") {
        fail(name, "cannot be given: the program sets it");
        continue;
      }
      fail(name, unknown_name(name, known_));
    }
    return std::move(reading_);
  }

 private:
  void fail(std::string_view field, std::string detail) {
    if (reading_.errors.size() >= http_api::kFieldErrorsMax) return;
    reading_.errors.push_back({.field = clipped(field, 64), .detail = std::move(detail)});
  }

  const JsonNode& body_;
  const BodyFor purpose_;
  const RecordKind kind_;
  std::vector<std::string_view> known_;
  BodyReading reading_;
};

}  // namespace

void append_record(std::string& out, const AnyRecord& record) {
  const catalog::RecordHead& head = head_of(record);
  out += "{\"id\":";
  append_json_string(out, head.id);
  out += ",\"version\":";
  append_number(out, head.version);
  out += ",\"created_at\":";
  append_value(out, head.created_at);
  out += ",\"updated_at\":";
  append_value(out, head.updated_at);
  const RecordKind kind = kind_of(record);
  catalog::visit_fields(record, [&](const RecordField& field, const auto& value) {
    const ResourceField row = resource_field(kind, field);
    const bool is_secret = field.role == catalog::FieldRole::kSecret;
    if (row.shown_as.empty() && (is_secret || row.use == FieldAccess::kHidden)) return;
    out += ',';
    append_json_string(out, is_secret ? row.shown_as : field.name);
    out += ':';
    if (is_secret) {
      append_bool(out, is_set(value));
    } else {
      append_value(out, value);
    }
  });
  out += '}';
}

std::string record_json(const AnyRecord& record) {
  std::string out;
  append_record(out, record);
  return out;
}

std::string with_secret(std::string json, std::string_view secret) {
  json.pop_back();
  json += ",\"secret\":";
  if (secret.empty()) {
    json += "null";
  } else {
    append_json_string(json, secret);
  }
  json += '}';
  return json;
}

std::string shown_once(std::string json, std::string_view secret) {
  constexpr std::string_view kNone = ",\"secret\":null}";
  RG_CHECK(json.ends_with(kNone));
  json.resize(json.size() - kNone.size());
  return with_secret(json + '}', secret);
}

BodyReading read_record(const JsonNode& body, BodyFor purpose, std::span<const std::string_view> others,
                        AnyRecord& record) {
  RecordReader reader(body, purpose, kind_of(record));
  catalog::visit_fields(record, [&](const RecordField& field, auto& value) { reader.read(field, value); });
  return reader.take(others);
}

}  // namespace rateguard::admin

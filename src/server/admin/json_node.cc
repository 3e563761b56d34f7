#include "server/admin/json_node.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>

#include "text/json_text.h"

namespace rateguard::admin {
namespace {

namespace json = boost::json;

// Deeper than any body of this API.
constexpr size_t kDepthMax = 16;
constexpr size_t kDescribedBytesMax = 60;
// More than any object of this API has. Each name is compared with those before it.
constexpr size_t kMembersMax = 1'000;

// Builds the tree. The names of the callbacks and limits are Boost.JSON's.
struct NodeBuilder {
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);

  JsonNode root;
  std::vector<JsonNode*> open;  // the containers around the next value
  std::string text;             // what has arrived of a string or a key
  std::string twice;            // the member that came twice
  bool has_too_many = false;    // members in one object

  // Nodes of closed containers move when their parent grows, those of open ones do not: a parent takes no further child
  // before its last one is closed.
  JsonNode& place() {
    if (open.empty()) return root;
    JsonNode& parent = *open.back();
    return parent.kind == JsonNode::Kind::kArray ? parent.items.emplace_back() : parent.members.back().second;
  }
  void begin(JsonNode::Kind kind) {
    JsonNode& node = place();
    node.kind = kind;
    open.push_back(&node);
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    begin(JsonNode::Kind::kObject);
    return true;
  }
  bool on_object_end(size_t, json::error_code&) {
    open.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) {
    begin(JsonNode::Kind::kArray);
    return true;
  }
  bool on_array_end(size_t, json::error_code&) {
    open.pop_back();
    return true;
  }
  bool on_key_part(json::string_view part, size_t, json::error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, size_t, json::error_code& error) {
    text.append(part.data(), part.size());
    has_too_many = open.back()->members.size() == kMembersMax;
    if (has_too_many || open.back()->find(text) != nullptr) {
      if (!has_too_many) twice = clipped(text, kDescribedBytesMax);
      error = json::error::syntax;
      return false;
    }
    open.back()->members.emplace_back(std::move(text), JsonNode());
    text.clear();
    return true;
  }
  bool on_string_part(json::string_view part, size_t, json::error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, size_t, json::error_code&) {
    text.append(part.data(), part.size());
    JsonNode& node = place();
    node.kind = JsonNode::Kind::kString;
    node.text = std::move(text);
    text.clear();
    return true;
  }
  bool on_number_part(json::string_view part, json::error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_int64(int64_t value, json::string_view, json::error_code&) {
    text.clear();
    JsonNode& node = place();
    node.kind = JsonNode::Kind::kInteger;
    node.integer = value;
    return true;
  }
  bool on_uint64(uint64_t, json::string_view part, json::error_code& error) { return on_double(0, part, error); }
  bool on_double(double, json::string_view part, json::error_code&) {
    text.append(part.data(), part.size());
    JsonNode& node = place();
    node.kind = JsonNode::Kind::kDecimal;
    node.text = std::move(text);
    text.clear();
    return true;
  }
  bool on_bool(bool value, json::error_code&) {
    JsonNode& node = place();
    node.kind = JsonNode::Kind::kBool;
    node.boolean = value;
    return true;
  }
  bool on_null(json::error_code&) {
    place();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

void append_node(std::string& out, const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::kNull:
      out += "null";
      return;
    case JsonNode::Kind::kBool:
      return append_bool(out, node.boolean);
    case JsonNode::Kind::kInteger:
      return append_number(out, node.integer);
    case JsonNode::Kind::kDecimal:
      out += node.text;
      return;
    case JsonNode::Kind::kString:
      return append_json_string(out, node.text);
    case JsonNode::Kind::kArray:
      out += '[';
      for (const JsonNode& item : node.items) {
        if (&item != &node.items.front()) out += ',';
        append_node(out, item);
      }
      out += ']';
      return;
    case JsonNode::Kind::kObject:
      out += '{';
      for (const auto& member : node.members) {
        if (&member != &node.members.front()) out += ',';
        append_json_string(out, member.first);
        out += ':';
        append_node(out, member.second);
      }
      out += '}';
      return;
  }
}

}  // namespace

const JsonNode* JsonNode::find(std::string_view name) const {
  for (const auto& [known, value] : members) {
    if (known == name) return &value;
  }
  return nullptr;
}

std::string JsonNode::describe() const {
  if (kind == Kind::kArray) return "an array";
  if (kind == Kind::kObject) return "an object";
  std::string out;
  if (kind != Kind::kString) {
    append_node(out, *this);
    return clipped(out, kDescribedBytesMax);
  }
  append_json_string(out, clipped(text, kDescribedBytesMax));
  return out;
}

std::string JsonNode::to_json() const {
  std::string out;
  append_node(out, *this);
  return out;
}

std::expected<JsonNode, http_api::FieldError> parse_json_object(std::string_view text) {
  const auto wrong = [](std::string detail) {
    return std::unexpected(http_api::FieldError{.field = "body", .detail = std::move(detail)});
  };
  if (text.empty()) return wrong("is empty; expected a JSON object");
  json::basic_parser<NodeBuilder> parser{json::parse_options{.max_depth = kDepthMax}};
  json::error_code error;
  const size_t read = parser.write_some(false, text.data(), text.size(), error);
  NodeBuilder& builder = parser.handler();
  if (!builder.twice.empty()) {
    return std::unexpected(http_api::FieldError{.field = builder.twice, .detail = "came twice"});
  }
  if (builder.has_too_many) return wrong(fmt::format("has more than {} members in one object", kMembersMax));
  if (error) return wrong(fmt::format("is not valid JSON, at byte {}: {}", read + 1, error.message()));
  if (read < text.size()) return wrong(fmt::format("has text after its JSON value, at byte {}", read + 1));
  if (builder.root.kind != JsonNode::Kind::kObject) {
    return wrong("expected a JSON object, found " + builder.root.describe());
  }
  return std::move(builder.root);
}

}  // namespace rateguard::admin

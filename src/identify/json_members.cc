#include "identify/json_members.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>

namespace rateguard::identify {
namespace {

namespace json = boost::json;

// Collects the members of the outermost object; deeper values only decide their kind. The names of the callbacks and
// limits are Boost.JSON's.
struct Collector {
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);

  JsonMembers members;
  std::string text;
  int depth = 0;
  bool is_object = false;

  // A value that is not a container.
  void add(JsonMember::Kind kind) {
    if (depth == 1 && is_object) {
      members.back().kind = kind;
      members.back().text = std::move(text);
    } else if (depth == 2 && kind == JsonMember::Kind::kString && members.back().kind == JsonMember::Kind::kStrings) {
      members.back().strings.push_back(std::move(text));
    } else if (depth == 2) {
      members.back().kind = JsonMember::Kind::kNested;
    }
    text.clear();
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }

  bool on_object_begin(json::error_code&) {
    ++depth;
    if (depth == 1) is_object = true;
    if (depth > 1) members.back().kind = JsonMember::Kind::kNested;
    return true;
  }
  bool on_object_end(size_t, json::error_code&) {
    --depth;
    return true;
  }
  bool on_array_begin(json::error_code& error) {
    if (depth == 0) {
      error = json::error::syntax;  // the text must be an object
      return false;
    }
    ++depth;
    members.back().kind = depth == 2 ? JsonMember::Kind::kStrings : JsonMember::Kind::kNested;
    return true;
  }
  bool on_array_end(size_t, json::error_code&) {
    --depth;
    return true;
  }

  bool on_key_part(json::string_view part, size_t, json::error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, size_t, json::error_code& error) {
    text.append(part.data(), part.size());
    if (depth == 1) {
      if (find_member(members, text) != nullptr) {
        error = json::error::syntax;
        return false;
      }
      members.push_back({.name = std::move(text)});
    }
    text.clear();
    return true;
  }

  bool on_string_part(json::string_view part, size_t, json::error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, size_t, json::error_code&) {
    text.append(part.data(), part.size());
    add(JsonMember::Kind::kString);
    return true;
  }
  bool on_number_part(json::string_view part, json::error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_number(json::string_view part) {
    text.append(part.data(), part.size());
    add(JsonMember::Kind::kNumber);
    return true;
  }
  bool on_int64(int64_t, json::string_view part, json::error_code&) { return on_number(part); }
  bool on_uint64(uint64_t, json::string_view part, json::error_code&) { return on_number(part); }
  bool on_double(double, json::string_view part, json::error_code&) { return on_number(part); }
  bool on_bool(bool value, json::error_code&) {
    text = value ? "true" : "false";
    add(JsonMember::Kind::kBoolean);
    return true;
  }
  bool on_null(json::error_code&) {
    add(JsonMember::Kind::kNull);
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

}  // namespace

std::optional<JsonMembers> parse_json_members(std::string_view text) {
  json::basic_parser<Collector> parser{json::parse_options()};
  json::error_code error;
  const size_t read = parser.write_some(false, text.data(), text.size(), error);
  Collector& collector = parser.handler();
  if (error || read != text.size() || !collector.is_object) return std::nullopt;
  return std::move(collector.members);
}

const JsonMember* find_member(const JsonMembers& members, std::string_view name) {
  const auto found = std::ranges::find(members, name, &JsonMember::name);
  return found == members.end() ? nullptr : &*found;
}

}  // namespace rateguard::identify

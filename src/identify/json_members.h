// The members of one JSON object as a token carries them: text of each, strictly read (RFC 8259), duplicates refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::identify {

struct JsonMember {
  enum class Kind : uint8_t { kString, kNumber, kBoolean, kNull, kStrings, kNested };

  Kind kind = Kind::kNull;
  std::string name = {};
  std::string text = {};                  // a string's value; a number's or boolean's own JSON text
  std::vector<std::string> strings = {};  // kStrings: an array of nothing but strings
};

using JsonMembers = std::vector<JsonMember>;

// None if the text is not one JSON object in UTF-8, or if it has a duplicate member: readers differ in which of the two
// they take (RFC 8259, section 4), and what is verified must be what is read.
std::optional<JsonMembers> parse_json_members(std::string_view text);

const JsonMember* find_member(const JsonMembers& members, std::string_view name);

}  // namespace rateguard::identify

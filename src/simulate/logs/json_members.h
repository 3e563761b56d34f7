// Finds the wanted members of a JSON object, in one pass over its text.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/logs/json_text.h"

namespace rateguard::simulate {

// Which names lead to which slots. A dotted name is a member of that very name, or leads into objects: "source.ip" is
// {"source.ip":...} as well as {"source":{"ip":...}}.
class JsonNames {
 public:
  JsonNames();

  // REQUIRES: `name` is not empty. The same name may be added for several slots.
  void add(std::string_view name, uint32_t slot);

  // Calls found(slot, value) for each wanted member of the object that `line` is, in the order of the text. Errors, in
  // words: it is not a JSON object.
  template <typename Found>
  std::expected<void, std::string> read(std::string_view line, Found&& found) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Member {
    std::string name = {};
    std::vector<uint32_t> slots = {};
    uint32_t inside = kNone;  // the node of the names that lead on from here
  };
  // The wanted members of one object, in an open-addressed table: most of a log's members are not wanted, which one
  // look-up finds out.
  struct Node {
    std::vector<Member> members = {};
    std::vector<uint16_t> table = std::vector<uint16_t>(16);  // index + 1 into members; 0: empty

    const Member* find(std::string_view name) const;
    uint32_t add(std::string_view name);  // the index; of the one that is there already, if it is
    void index();
  };

  static size_t hash(std::string_view name) {
    const auto at = [name](size_t i) { return static_cast<uint8_t>(name[i]); };
    return name.empty() ? 0 : name.size() + at(0) * 7u + at(name.size() / 2) * 31u + at(name.size() - 1) * 131u;
  }
  void add_below(uint32_t node, std::string_view name, uint32_t slot);
  template <typename Found>
  void read_members(JsonCursor& cursor, uint32_t node, Found& found) const;

  std::vector<Node> nodes_;
};

inline const JsonNames::Member* JsonNames::Node::find(std::string_view name) const {
  const size_t mask = table.size() - 1;
  for (size_t i = hash(name) & mask; table[i] != 0; i = (i + 1) & mask) {
    const Member& member = members[table[i] - 1u];
    if (member.name == name) return &member;
  }
  return nullptr;
}

template <typename Found>
void JsonNames::read_members(JsonCursor& cursor, uint32_t node, Found& found) const {
  while (const auto name = cursor.next_name()) {
    const Member* member = nodes_[node].find(name->text);
    if (member == nullptr) {
      cursor.value();
      continue;
    }
    JsonValue value;
    if (member->inside != kNone && cursor.enter_object()) {
      const char* const begin = cursor.position() - 1;  // its bracket
      read_members(cursor, member->inside, found);
      value = {.type = JsonType::kObject,
               .text = std::string_view(begin, static_cast<size_t>(cursor.position() - begin))};
    } else {
      value = cursor.value();
    }
    if (cursor.failed()) return;
    for (const uint32_t slot : member->slots) found(slot, value);
  }
}

template <typename Found>
std::expected<void, std::string> JsonNames::read(std::string_view line, Found&& found) const {
  JsonCursor cursor(line);
  if (!cursor.enter_object()) {
    cursor.value();
    return std::unexpected(cursor.failed() ? "not JSON: " + cursor.mistake() : "not a JSON object");
  }
  read_members(cursor, 0, found);
  if (cursor.failed()) return std::unexpected("not JSON: " + cursor.mistake());
  if (!cursor.at_end()) return std::unexpected("more text after the JSON object");
  return {};
}

}  // namespace rateguard::simulate

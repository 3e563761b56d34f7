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
  std::expected<void, std::string> read(std::string_view line, Found&& found);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Member {
    std::string name = {};
    std::vector<uint32_t> slots = {};
    uint32_t inside = kNone;  // the node of the names that lead on from here
  };
  // A member as lines have it, from its opening quote to its colon.
  struct Known {
    std::string written = {};
    uint32_t member = kNone;  // the index of the wanted one
  };
  // The wanted members of one object, in an open-addressed table: most of a log's members are not wanted, which one
  // look-up finds out.
  struct Node {
    std::vector<Member> members = {};
    std::vector<uint16_t> table = std::vector<uint16_t>(16);  // index + 1 into members; 0: empty
    // What lines had so far, in their order: most members are the one that comes next.
    std::vector<Known> known = {};

    uint32_t find(std::string_view name) const;  // kNone: nobody wants it
    uint32_t add(std::string_view name);         // the index; of the one that is there already, if it is
    void index();
  };

  static size_t hash(std::string_view name) {
    const auto at = [name](size_t i) { return static_cast<uint8_t>(name[i]); };
    return name.empty() ? 0 : name.size() + at(0) * 7u + at(name.size() / 2) * 31u + at(name.size() - 1) * 131u;
  }
  void add_below(uint32_t node, std::string_view name, uint32_t slot);
  // Takes the next member's name. `place` is the one that is expected, of node.known, and moves. Null if nobody wants
  // it, or if it is not a name.
  static const Member* next_wanted(JsonCursor& cursor, Node& node, size_t& place);
  template <typename Found>
  void read_members(JsonCursor& cursor, uint32_t node, Found& found);

  // Of the members of one object that are known by their order: more than any log's lines have, few enough to look
  // through where one is not the expected one.
  static constexpr size_t kKnownMax = 48;

  std::vector<Node> nodes_;
};

inline uint32_t JsonNames::Node::find(std::string_view name) const {
  const size_t mask = table.size() - 1;
  for (size_t i = hash(name) & mask; table[i] != 0; i = (i + 1) & mask) {
    if (members[table[i] - 1u].name == name) return table[i] - 1u;
  }
  return kNone;
}

inline const JsonNames::Member* JsonNames::next_wanted(JsonCursor& cursor, Node& node, size_t& place) {
  for (size_t i = place; i < node.known.size(); ++i) {
    const Known& known = node.known[i];
    if (!cursor.take_written(known.written)) continue;
    place = i + 1;
    return known.member == kNone ? nullptr : &node.members[known.member];
  }
  const char* const begin = cursor.position();
  const auto name = cursor.name();
  if (!name) return nullptr;
  const uint32_t member = node.find(name->text);
  if (node.known.size() < kKnownMax) {
    node.known.insert(node.known.begin() + static_cast<ptrdiff_t>(place),
                      {.written = std::string(begin, cursor.position()), .member = member});
    ++place;
  }
  return member == kNone ? nullptr : &node.members[member];
}

template <typename Found>
void JsonNames::read_members(JsonCursor& cursor, uint32_t node, Found& found) {
  for (size_t place = 0; cursor.next_member();) {
    const Member* member = next_wanted(cursor, nodes_[node], place);
    if (member == nullptr) {
      cursor.skip_value();
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
std::expected<void, std::string> JsonNames::read(std::string_view line, Found&& found) {
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

#include "simulate/logs/json_lines_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>
#include <ranges>

#include "model/ascii.h"
#include "simulate/logs/json_members.h"
#include "simulate/logs/record_fields.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kNameChars = 100;  // of a member's name in a message
constexpr uint32_t kLast = UINT32_MAX;

// What a member is wanted for: a field, a term of the cost, a header field, or an object of header fields.
enum class WantedKind : uint8_t { kField, kCost, kHeader, kHeaders };

struct WantedMember {
  WantedKind kind = WantedKind::kField;
  FieldKind field = FieldKind::kTime;
  std::string header = {};
  std::string given = {};  // the name that --columns gave; empty: the usual names
  bool found = false;      // ever, under the name that was given
};

// One of a target's names: those of smaller rank take precedence.
struct RankedTarget {
  uint32_t target = 0;
  uint32_t rank = 0;
};

std::optional<JsonValue> first_item(const JsonValue& list) {
  JsonCursor cursor(list.text);
  if (!cursor.open('[') || !cursor.next_item()) return std::nullopt;
  const JsonValue item = cursor.value();
  return cursor.failed() ? std::nullopt : std::optional(item);
}

bool is_scalar(const JsonValue& value) {
  return value.type == JsonType::kString || value.type == JsonType::kNumber;
}

// Lists of one: header fields as Go's programs log them, and what is read from a header in most services.
bool may_be_list(const WantedMember& target) {
  if (target.kind != WantedKind::kField) return target.kind == WantedKind::kHeader;
  switch (target.field) {
    case FieldKind::kClient:
    case FieldKind::kHost:
    case FieldKind::kUser:
    case FieldKind::kApiKey:
    case FieldKind::kWorkspace:
    case FieldKind::kPlan:
      return true;
    default:
      return false;
  }
}

// Whether the value at a usual name is usable for the field. If not, the next name is tried.
bool is_usable(const WantedMember& target, const JsonValue& value) {
  if (target.kind == WantedKind::kHeaders) return value.type == JsonType::kObject;
  if (value.type == JsonType::kList) return may_be_list(target) && first_item(value).has_value();
  if (!is_scalar(value) || (value.type == JsonType::kString && is_none(value.text))) return false;
  // A member of that name may be anything; a request line has a space in it.
  return target.kind != WantedKind::kField || target.field != FieldKind::kRequest ||
         value.text.find(' ') != std::string_view::npos;
}

}  // namespace

struct JsonLinesParser::State {
  WantedHeaders wanted;
  JsonNames names;
  std::vector<RankedTarget> slots;
  std::vector<WantedMember> targets;
  // Of the line at hand, by target: the rank of the name it was found under (kLast: not found), and what stands there.
  std::vector<uint32_t> ranks;
  std::vector<JsonValue> values;
  static constexpr size_t kTimeTarget = 0;  // of the targets
  size_t cost_begin = 0;                    // of the targets
  size_t cost_end = 0;
  EntryFields fields;
  std::deque<std::string> texts;  // of strings with escapes; a deque, so that views stay

  State(const ColumnMap& columns, const WantedHeaders& wanted_headers) : wanted(wanted_headers) {
    for (size_t i = 0; i < kFieldKinds; ++i) {
      const auto kind = static_cast<FieldKind>(i);
      if (kind == FieldKind::kCost) continue;
      add({.field = kind, .given = columns.names[i]}, default_names(kind));
    }
    cost_begin = targets.size();
    for (const std::string& term : columns.cost_terms) add({.kind = WantedKind::kCost, .given = term}, {});
    if (columns.cost_terms.empty()) add({.kind = WantedKind::kCost}, default_names(FieldKind::kCost));
    cost_end = targets.size();
    for (const auto& [header, column] : columns.headers) {
      add({.kind = WantedKind::kHeader, .header = header, .given = column}, {});
    }
    add_headers(columns);
    ranks.resize(targets.size(), kLast);
    values.resize(targets.size());
  }

  bool has(size_t target) const { return ranks[target] != kLast; }

  template <typename Names>
  void add(WantedMember target, const Names& usual) {
    const auto index = static_cast<uint32_t>(targets.size());
    const auto add_name = [&](std::string_view name, uint32_t rank) {
      names.add(name, static_cast<uint32_t>(slots.size()));
      slots.push_back({.target = index, .rank = rank});
    };
    if (!target.given.empty()) {
      add_name(target.given, 0);
    } else {
      uint32_t rank = 0;
      for (const auto& name : usual) add_name(name, rank++);
    }
    targets.push_back(std::move(target));
  }
  void add(WantedMember target, std::initializer_list<std::string_view> usual) {
    add(std::move(target), std::vector<std::string_view>(usual));
  }

  void add_headers(const ColumnMap& columns) {
    if (wanted.names().empty()) return;
    for (const std::string_view name : header_object_names()) add({.kind = WantedKind::kHeaders}, {name});
    for (const std::string& name : wanted.names()) {
      const bool given = std::ranges::any_of(
          columns.headers, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
      if (!given) add({.kind = WantedKind::kHeader, .header = name}, default_header_names(name));
    }
  }

  void found(uint32_t slot, const JsonValue& value) {
    const RankedTarget& name = slots[slot];
    WantedMember& target = targets[name.target];
    if (name.rank > ranks[name.target]) return;
    if (target.given.empty()) {
      if (!is_usable(target, value)) return;
    } else {
      target.found = true;
    }
    ranks[name.target] = name.rank;
    values[name.target] = value;
  }

  // A string, a number as text, or the first of a list; nullopt for null. Errors: anything else.
  std::expected<std::optional<std::string_view>, std::string> text_of(const WantedMember& target, JsonValue value) {
    if (value.type == JsonType::kList && may_be_list(target)) {
      if (target.kind == WantedKind::kHeader && equal_ignoring_case(target.header, "x-forwarded-for")) {
        return joined(value);
      }
      value = first_item(value).value_or(JsonValue{});
    }
    if (value.type == JsonType::kNull) return std::nullopt;
    if (is_scalar(value)) return unescaped(value);
    return std::unexpected(fmt::format("'{}' is neither text nor a number", printable(target.given, kNameChars)));
  }

  std::string_view unescaped(const JsonValue& value) {
    if (!value.has_escapes) return value.text;
    unescape_json(value.text, texts.emplace_back());
    return texts.back();
  }

  // The items of a list as one header field's value (RFC 9110 section 5.3).
  std::string_view joined(const JsonValue& list) {
    std::string out;
    std::string item;
    JsonCursor cursor(list.text);
    for (bool more = cursor.open('[') && cursor.next_item(); more; more = cursor.next_item()) {
      const JsonValue value = cursor.value();
      if (value.type != JsonType::kString) continue;
      unescape_json(value.text, item);
      if (!out.empty()) out += ", ";
      out += item;
    }
    return texts.emplace_back(std::move(out));
  }

  // A count in exponent form, which no log's own writer uses but a library between may.
  std::string_view time_text(const JsonValue& value, std::string_view text) {
    if (value.type != JsonType::kNumber || text.find_first_of("eE") == std::string_view::npos) return text;
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc()) return text;  // beyond any time, which the reader of the time reports
    // Six decimals: a time's microseconds, to which a double is exact until the year 2255.
    return texts.emplace_back(fmt::format("{:.6f}", number));
  }

  Parsed read_field(const WantedMember& target, const JsonValue& value) {
    const auto text = text_of(target, value);
    if (!text) return malformed(text.error());
    const bool time = target.field == FieldKind::kTime;
    if (*text) return fields.set(target.field, time ? time_text(value, **text) : **text);
    return time ? malformed(no_time(target)) : Parsed();
  }

  static std::string no_time(const WantedMember& target) {
    if (target.given.empty()) return "no time: expected a field time, ts or timestamp, or --columns time=NAME";
    return fmt::format("no '{}', which --columns names as the time", printable(target.given, kNameChars));
  }

  Parsed read_cost(LogEntry& out) {
    uint64_t cost = 0;
    for (size_t i = cost_begin; i < cost_end; ++i) {
      const WantedMember& target = targets[i];
      const auto text = text_of(target, has(i) ? values[i] : JsonValue());
      if (!text) return malformed(text.error());
      if (!*text) {
        if (target.given.empty()) return {};
        return malformed(fmt::format("no '{}', which --columns adds to the cost", printable(target.given, kNameChars)));
      }
      const auto sum = add_cost(cost, **text, target.given.empty() ? "cost" : target.given);
      if (!sum) return malformed(sum.error());
      cost = *sum;
    }
    out.cost = {cost};
    return {};
  }

  Parsed read_header(const WantedMember& target, const JsonValue& value) {
    if (target.kind == WantedKind::kHeader) {
      const auto text = text_of(target, value);
      if (!text) return malformed(text.error());
      if (*text) fields.add_header(target.header, **text);
      return {};
    }
    JsonCursor cursor(value.text);
    cursor.enter_object();
    while (const auto name = cursor.next_name()) {
      const JsonValue field = cursor.value();
      if (!wanted.contains(name->text)) continue;
      const WantedMember header{.kind = WantedKind::kHeader, .header = std::string(name->text)};
      if (!is_usable(header, field)) continue;
      if (const auto text = text_of(header, field); text && *text) fields.add_header(name->text, **text);
    }
    return {};
  }

  // Whether anything says that a request was made, and not only that something happened.
  bool names_a_request(const LogEntry& entry) const {
    const auto is_found = [this](size_t target) { return has(target); };
    return std::ranges::any_of(std::views::iota(cost_begin, cost_end), is_found) || entry.request_unreadable ||
           !entry.headers.empty() || !entry.client.empty() || !entry.method.empty() || !entry.path.empty() ||
           !entry.user.empty() || !entry.api_key.empty() || !entry.workspace.empty() || !entry.plan.empty();
  }

  Parsed read(LogEntry& out) {
    fields.begin(out);
    if (!has(kTimeTarget)) return malformed(no_time(targets[kTimeTarget]));
    for (size_t i = 0; i < targets.size(); ++i) {
      if (!has(i)) continue;
      const WantedMember& target = targets[i];
      if (target.kind == WantedKind::kCost) continue;
      auto done = target.kind == WantedKind::kField ? read_field(target, values[i]) : read_header(target, values[i]);
      if (!done) return done;
    }
    if (auto done = read_cost(out); !done) return done;
    fields.end();
    if (!names_a_request(out)) out.kind = LineKind::kNoRequest;
    return {};
  }

  std::string use_of(const JsonValue& value) const {
    for (size_t i = 0; i < targets.size(); ++i) {
      if (!has(i) || values[i].text.data() != value.text.data()) continue;
      const WantedMember& target = targets[i];
      if (target.kind == WantedKind::kField) return std::string(to_string(target.field));
      if (target.kind == WantedKind::kCost) return "cost";
      if (target.kind == WantedKind::kHeader) return "header " + target.header;
    }
    return {};
  }
};

namespace {

// Calls leaf(way, value, whether it stands in an object of header fields) for all that is no object.
template <typename Leaf>
void for_each_leaf(std::string_view object, const std::string& before, Leaf& leaf) {
  JsonCursor cursor(object);
  if (!cursor.enter_object()) return;
  while (const auto name = cursor.next_name()) {
    const JsonValue value = cursor.value();
    if (cursor.failed()) return;
    const std::string way = before + std::string(name->text);
    if (value.type == JsonType::kObject) {
      for_each_leaf(value.text, way + ".", leaf);
    } else {
      leaf(way, value);
    }
  }
}

}  // namespace

JsonLinesParser::JsonLinesParser(ColumnMap columns, const WantedHeaders& wanted)
    : state_(std::make_unique<State>(columns, wanted)) {}
JsonLinesParser::~JsonLinesParser() = default;

Parsed JsonLinesParser::parse(std::string_view line, LogEntry& out) {
  out = {};
  State& state = *state_;
  state.texts.clear();
  std::ranges::fill(state.ranks, kLast);
  auto read = state.names.read(line, [&state](uint32_t slot, const JsonValue& value) { state.found(slot, value); });
  if (!read) return malformed(std::move(read.error()));
  if (noting()) {
    const std::vector<std::string_view> objects = header_object_names();
    auto leaf = [&](const std::string& way, const JsonValue& value) {
      std::string use = state.use_of(value);
      const size_t dot = way.rfind('.');
      const bool in_headers =
          dot != std::string::npos && std::ranges::find(objects, std::string_view(way).substr(0, dot)) != objects.end();
      if (use.empty() && in_headers && state.wanted.contains(way.substr(dot + 1)))
        use = "header " + way.substr(dot + 1);
      note(way, value.text, use);
    };
    for_each_leaf(line, "", leaf);
  }
  return state.read(out);
}

std::vector<std::string> JsonLinesParser::names_never_found() const {
  std::vector<std::string> out;
  for (const WantedMember& target : state_->targets) {
    if (!target.given.empty() && !target.found) out.push_back(target.given);
  }
  return out;
}

std::vector<std::string> member_names(std::string_view line) {
  std::vector<std::string> out;
  auto leaf = [&out](const std::string& way, const JsonValue&) { out.push_back(way); };
  for_each_leaf(line, "", leaf);
  return out;
}

}  // namespace rateguard::simulate

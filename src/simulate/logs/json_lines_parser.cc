#include "simulate/logs/json_lines_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <deque>
#include <optional>

#include "simulate/logs/log_time.h"
#include "simulate/logs/record_fields.h"

namespace rateguard::simulate {
namespace {

namespace json = boost::json;

// Most lines of a log fit; longer ones allocate.
constexpr size_t kScratchBytes = 16 * 1024;

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return out;
}

json::parse_options lenient() {
  json::parse_options options;
  options.allow_invalid_utf8 = true;  // logs hold what clients sent
  return options;
}

// A member by its name, or by a dotted way through objects; null where there is none.
const json::value* find_member(const json::object& object, std::string_view name) {
  if (const json::value* found = object.if_contains(name)) return found;
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const json::value* inner = object.if_contains(name.substr(0, dot));
  return inner != nullptr && inner->is_object() ? find_member(inner->get_object(), name.substr(dot + 1)) : nullptr;
}

void append_member_names(const json::object& object, const std::string& before, std::vector<std::string>& out) {
  for (const auto& [name, value] : object) {
    const std::string way = before + std::string(name);
    if (value.is_object()) {
      append_member_names(value.get_object(), way + ".", out);
    } else {
      out.push_back(way);
    }
  }
}

}  // namespace

struct JsonLinesParser::State {
  struct Wanted {
    FieldKind kind;
    std::vector<std::string> names;
    bool given = false;  // by --columns
  };

  ColumnMap columns;
  std::vector<std::string> wanted_headers;
  std::vector<Wanted> wanted;
  std::array<unsigned char, kScratchBytes> scratch = {};
  json::monotonic_resource memory{scratch.data(), scratch.size()};
  json::parser parser{json::storage_ptr(), lenient()};
  std::optional<json::value> document;
  std::deque<std::string> texts;  // of numbers; a deque, so that views stay
  std::vector<Header> headers;

  // A string, or a number as text; nullopt for null. Errors: anything else.
  std::expected<std::optional<std::string_view>, std::string> text_of(const json::value& value, std::string_view name) {
    if (value.is_null()) return std::nullopt;
    if (value.is_string()) return std::string_view(value.get_string());
    if (value.is_int64()) return texts.emplace_back(fmt::format("{}", value.get_int64()));
    if (value.is_uint64()) return texts.emplace_back(fmt::format("{}", value.get_uint64()));
    // Six decimals: a time's microseconds, to which a double is exact until the year 2255.
    if (value.is_double()) return texts.emplace_back(fmt::format("{:.6f}", value.get_double()));
    return std::unexpected(fmt::format("'{}' is neither text nor a number", name));
  }

  // The first of `names` that the object has with a value.
  std::expected<std::optional<std::string_view>, std::string> first_of(const json::object& object,
                                                                       const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const json::value* value = find_member(object, name);
      if (value == nullptr) continue;
      auto text = text_of(*value, name);
      if (!text || *text) return text;
    }
    return std::nullopt;
  }

  Parsed read_fields(const json::object& object, LogEntry& out) {
    for (const Wanted& field : wanted) {
      const auto text = first_of(object, field.names);
      if (!text) return malformed(text.error());
      if (*text) {
        if (auto set = set_field(field.kind, **text, out); !set) return set;
      } else if (field.kind == FieldKind::kTime) {
        return malformed(field.given ? fmt::format("no '{}', which --columns names as the time", field.names.front())
                                     : "no time: expected a field time, ts or timestamp, or --columns time=NAME");
      }
    }
    return {};
  }

  Parsed read_cost(const json::object& object, LogEntry& out) {
    const bool given = !columns.cost_terms.empty();
    uint32_t cost = 0;
    for (const std::string& term : given ? columns.cost_terms : std::vector<std::string>{"cost"}) {
      const json::value* value = find_member(object, term);
      if (value == nullptr || value->is_null()) {
        if (!given) return {};
        return malformed(fmt::format("no '{}', which --columns adds to the cost", term));
      }
      const auto text = text_of(*value, term);
      if (!text) return malformed(text.error());
      const auto sum = add_cost(cost, **text, term);
      if (!sum) return malformed(sum.error());
      cost = *sum;
    }
    out.cost = {cost};
    return {};
  }

  Parsed read_headers(const json::object& object, LogEntry& out) {
    headers.clear();
    if (const json::value* all = object.if_contains("headers"); all != nullptr && !all->is_null()) {
      if (!all->is_object()) return malformed("'headers' is not an object");
      for (const auto& [name, value] : all->get_object()) {
        if (std::ranges::find(wanted_headers, lower_case(name)) == wanted_headers.end()) continue;
        if (value.is_string()) headers.push_back({.name = name, .value = value.get_string()});
      }
    }
    for (const auto& [name, column] : columns.headers) {
      const json::value* value = find_member(object, column);
      if (value == nullptr) continue;
      const auto text = text_of(*value, column);
      if (!text) return malformed(text.error());
      if (*text) headers.push_back({.name = name, .value = **text});
    }
    out.headers = headers;
    return {};
  }
};

JsonLinesParser::JsonLinesParser(ColumnMap columns, std::vector<std::string> wanted_headers)
    : state_(std::make_unique<State>()) {
  for (size_t i = 0; i < kFieldKinds; ++i) {
    const auto kind = static_cast<FieldKind>(i);
    if (kind == FieldKind::kCost) continue;
    const std::string& given = columns.names[i];
    State::Wanted wanted{.kind = kind, .names = {}, .given = !given.empty()};
    if (wanted.given) {
      wanted.names = {given};
    } else {
      for (const std::string_view name : default_names(kind)) wanted.names.emplace_back(name);
    }
    state_->wanted.push_back(std::move(wanted));
  }
  state_->columns = std::move(columns);
  state_->wanted_headers = std::move(wanted_headers);
}

JsonLinesParser::JsonLinesParser(JsonLinesParser&&) noexcept = default;
JsonLinesParser& JsonLinesParser::operator=(JsonLinesParser&&) noexcept = default;
JsonLinesParser::~JsonLinesParser() = default;

Parsed JsonLinesParser::parse(std::string_view line, LogEntry& out) {
  out = {};
  State& state = *state_;
  state.document.reset();
  state.parser.reset();  // lets go of what a failed line left in the memory
  state.memory.release();
  state.texts.clear();
  state.parser.reset(&state.memory);
  boost::system::error_code error;
  const size_t used = state.parser.write_some(line.data(), line.size(), error);
  if (error) return malformed(fmt::format("not JSON: {}, at character {}", error.message(), used + 1));
  state.document.emplace(state.parser.release());
  if (line.find_first_not_of(" \t", used) != std::string_view::npos)
    return malformed("more text after the JSON object");
  const json::object* object = state.document->if_object();
  if (object == nullptr) return malformed("not a JSON object");

  if (auto read = state.read_fields(*object, out); !read) return read;
  if (auto read = state.read_cost(*object, out); !read) return read;
  return state.read_headers(*object, out);
}

std::vector<std::string> member_names(std::string_view line) {
  boost::system::error_code error;
  const json::value document = json::parse(line, error, {}, lenient());
  std::vector<std::string> out;
  if (!error && document.is_object()) append_member_names(document.get_object(), "", out);
  return out;
}

}  // namespace rateguard::simulate

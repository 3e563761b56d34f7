#include "catalog/sql/audit_details.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/sql/field_codec.h"
#include "text/json_text.h"

namespace rateguard::catalog {
namespace {

constexpr size_t kShownBytesMax = 1'000;

std::string shown(const std::string& text) {
  std::string json;
  append_json_string(json, clipped(text, kShownBytesMax));
  return json;
}
std::string shown(int64_t number) {
  return std::to_string(number);
}
std::string shown(Instant at) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(at.us)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z\"", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}
std::string shown(const Sha256&) {
  return "\"(secret)\"";
}
std::string shown(const TextList& list) {
  std::string json = encode_list(list);
  return json.size() <= kShownBytesMax ? json : shown(json);
}
std::string shown(const TextMap& map) {
  std::string json = encode_map(map);
  return json.size() <= kShownBytesMax ? json : shown(json);
}
template <IsChoice E>
std::string shown(E choice) {
  return shown(std::string(choice_word(choice)));
}
template <typename T>
std::string shown(const std::optional<T>& value) {
  return value ? shown(*value) : "null";
}

struct FieldState {
  RecordField field;
  SqlValue value;
  std::string json;
};

std::vector<FieldState> states_of(const AnyRecord& record) {
  std::vector<FieldState> states;
  visit_fields(record, [&](RecordField field, const auto& value) {
    const bool is_secret = field.role == FieldRole::kSecret;
    SqlValue stored = encode_field(value);
    const bool is_set = !std::holds_alternative<std::monostate>(stored);
    states.push_back({field, std::move(stored), !is_set ? "null" : is_secret ? "\"(secret)\"" : shown(value)});
  });
  return states;
}

bool is_empty(const FieldState& state) {
  return state.json == "null" || state.json == "\"\"" || state.json == "[]" || state.json == "{}";
}

}  // namespace

std::string audit_details(const AnyRecord* before, const AnyRecord* after) {
  const std::vector<FieldState> from = before != nullptr ? states_of(*before) : std::vector<FieldState>();
  const std::vector<FieldState> to = after != nullptr ? states_of(*after) : std::vector<FieldState>();
  std::string json = "{";
  for (size_t i = 0; i < std::max(from.size(), to.size()); ++i) {
    const FieldState& any = from.empty() ? to[i] : from[i];
    if (any.field.role == FieldRole::kTracked) continue;
    if (from.empty() || to.empty() ? is_empty(any) : from[i].value == to[i].value) continue;
    if (json.size() > 1) json += ',';
    append_json_string(json, any.field.name);
    json += ":{";
    if (!from.empty()) json += "\"from\":" + from[i].json;
    if (!from.empty() && !to.empty()) json += ',';
    if (!to.empty()) json += "\"to\":" + to[i].json;
    json += '}';
  }
  json += '}';
  return json;
}

}  // namespace rateguard::catalog

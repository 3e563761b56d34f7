#include "simulate/logs/column_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace rateguard::simulate {
namespace {

constexpr std::array<std::string_view, kFieldKinds> kNames = {"time", "ip",      "method",    "path", "host",
                                                              "user", "api_key", "workspace", "plan", "cost"};
constexpr std::string_view kHeaderPrefix = "header:";
// Wide tables have hundreds of columns; a list longer than this was not written by a person.
constexpr size_t kTermsMax = 64;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (;;) {
    const size_t end = text.find(separator);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

Result<void> set_column(ColumnMap& map, std::string_view name, std::string_view column) {
  if (name.starts_with(kHeaderPrefix) && name.size() > kHeaderPrefix.size()) {
    map.headers.emplace_back(name.substr(kHeaderPrefix.size()), column);
    return {};
  }
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) {
    return invalid(
        fmt::format("columns: unknown field '{}'; expected one of {}, or header:NAME", name, fmt::join(kNames, ", ")));
  }
  if (*found == "cost") {
    map.cost_terms = split(column, '+');
    if (map.cost_terms.size() > kTermsMax)
      return invalid(fmt::format("columns: cost adds more than {} columns", kTermsMax));
    if (std::ranges::any_of(map.cost_terms, &std::string::empty)) {
      return invalid(fmt::format("columns: cost={} has an empty column name", column));
    }
    return {};
  }
  map.names[static_cast<size_t>(found - kNames.begin())] = column;
  return {};
}

}  // namespace

std::string_view to_string(FieldKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

std::vector<std::string_view> default_names(FieldKind kind) {
  switch (kind) {
    case FieldKind::kTime:
      return {"time", "ts", "timestamp", "@timestamp", "time_local", "time_iso8601", "msec"};
    case FieldKind::kClient:
      return {"ip", "remote_addr", "client", "client_ip", "remote_ip"};
    case FieldKind::kMethod:
      return {"method", "request_method"};
    case FieldKind::kPath:
      return {"path", "uri", "request_uri", "url"};
    case FieldKind::kHost:
      return {"host", "http_host"};
    case FieldKind::kUser:
      return {"user", "remote_user"};
    default:
      return {to_string(kind)};
  }
}

Result<ColumnMap> ColumnMap::parse(std::string_view text) {
  ColumnMap map;
  if (text.empty()) return map;
  for (const std::string& pair : split(text, ',')) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size()) {
      return invalid(fmt::format("columns: '{}' is not FIELD=COLUMN, such as time=TIMESTAMP", pair));
    }
    const std::string_view view = pair;
    if (auto set = set_column(map, view.substr(0, equals), view.substr(equals + 1)); !set)
      return std::unexpected(set.error());
  }
  return map;
}

std::expected<uint32_t, std::string> add_cost(uint32_t sum, std::string_view term, std::string_view column) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(term.data(), term.data() + term.size(), value);
  if (term.empty() || error == std::errc::invalid_argument || end != term.data() + term.size()) {
    return std::unexpected(fmt::format("the cost in '{}' is not a whole number from 0 to 4294967295", column));
  }
  if (error != std::errc() || value > UINT32_MAX - sum) {
    return std::unexpected(fmt::format("the cost is above 4294967295 at '{}'", column));
  }
  return sum + static_cast<uint32_t>(value);
}

}  // namespace rateguard::simulate

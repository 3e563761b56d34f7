#include "simulate/logs/column_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <optional>

#include "model/limit.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

constexpr std::array<std::string_view, kFieldKinds> kNames = {
    "time", "ip", "method", "path", "host", "user", "api_key", "workspace", "plan", "cost", "request"};
constexpr std::string_view kHeaderPrefix = "header:";
// Wide tables have hundreds of columns; a list longer than this was not written by a person.
constexpr size_t kTermsMax = 64;
constexpr size_t kColumnChars = 100;  // of a name in a message

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
      // StartUTC: Traefik's "time" is when the request ended, to the second.
      return {"StartUTC",   "time",         "ts",         "timestamp", "@timestamp",
              "time_local", "time_iso8601", "start_time", "msec",      "datetime"};
    case FieldKind::kClient:
      // Caddy derives client_ip from remote_ip by its own trusted_proxies. Elastic's and Google's names come last.
      return {"ip",
              "remote_addr",
              "client",
              "client_ip",
              "remote_ip",
              "clientIp",
              "ClientHost",
              "request.client_ip",
              "request.remote_ip",
              "req.remoteAddress",
              "downstream_remote_address",
              "client.ip",
              "source.ip",
              "client.address",
              "source.address",
              "httpRequest.remoteIp"};
    case FieldKind::kMethod:
      return {"method",     "request_method", "RequestMethod",       "request.method",
              "req.method", "verb",           "http.request.method", "httpRequest.requestMethod"};
    case FieldKind::kPath:
      return {"path",
              "uri",
              "request_uri",
              "url",
              "RequestPath",
              "request.uri",
              "request.url",
              "req.url",
              "url.path",
              "url.original",
              "x-envoy-origin-path",
              ":path",
              "http.url",
              "httpRequest.requestUrl"};
    case FieldKind::kHost:
      return {"host", "http_host", "RequestHost", "request.host", "authority", ":authority", "url.domain"};
    case FieldKind::kUser:
      return {"user", "remote_user", "ClientUsername", "user_id", "user.name", "user.id"};
    case FieldKind::kRequest:
      return {"request", "request_line"};
    default:
      return {to_string(kind)};
  }
}

std::vector<std::string> default_header_names(std::string_view name) {
  std::string as_variable(name);  // "x_tenant"
  std::ranges::replace(as_variable, '-', '_');
  std::string canonical(name);  // "X-Tenant"
  for (size_t i = 0; i < canonical.size(); ++i) {
    const bool first = i == 0 || canonical[i - 1] == '-';
    if (first && canonical[i] >= 'a' && canonical[i] <= 'z') canonical[i] = static_cast<char>(canonical[i] - 'a' + 'A');
  }
  std::vector<std::string> names = {"http_" + as_variable, "request_" + canonical};
  const auto add = [&names](std::initializer_list<const char*> more) {
    names.insert(names.end(), more.begin(), more.end());
  };
  if (name == "x-forwarded-for") add({"x_forwarded_for", "x-forwarded-for", "X-Forwarded-For", "xff"});
  if (name == "user-agent") {
    add({"user_agent", "user-agent", "userAgent", "agent", "user_agent.original", "httpRequest.userAgent"});
  }
  if (name == "referer") add({"http_referrer", "referer", "referrer", "http.request.referrer", "httpRequest.referer"});
  return names;
}

std::vector<std::string_view> header_object_names() {
  return {"headers", "request.headers", "req.headers", "request_headers", "http.request.headers"};
}

bool ColumnMap::empty() const {
  return given().empty();
}

std::string ColumnMap::as_given(std::string_view column) const {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == column) return fmt::format("{}={}", to_string(static_cast<FieldKind>(i)), column);
  }
  for (const auto& [header, name] : headers) {
    if (name == column) return fmt::format("header:{}={}", header, column);
  }
  return fmt::format("cost={}", column);
}

std::vector<std::string> ColumnMap::given() const {
  std::vector<std::string> out;
  for (const std::string& name : names) {
    if (!name.empty()) out.push_back(name);
  }
  out.insert(out.end(), cost_terms.begin(), cost_terms.end());
  for (const auto& [name, column] : headers) out.push_back(column);
  return out;
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

namespace {

// The units in a term: "1000.0" and "1e3" are whole numbers, too. Nullopt if it is not one from 0 to kUnitsMax.
std::optional<uint64_t> units_in(std::string_view term) {
  const char* const end = term.data() + term.size();
  uint64_t units = 0;
  const auto whole = std::from_chars(term.data(), end, units);
  if (whole.ec == std::errc() && whole.ptr == end) {
    return units <= kUnitsMax ? std::optional(units) : std::nullopt;
  }
  double number = 0;
  const auto read = std::from_chars(term.data(), end, number);
  const bool is_amount = read.ec == std::errc() && read.ptr == end && number >= 0 &&
                         number <= static_cast<double>(kUnitsMax) && number == std::floor(number);
  return is_amount ? std::optional(static_cast<uint64_t>(number)) : std::nullopt;
}

}  // namespace

std::expected<uint64_t, std::string> add_cost(uint64_t sum, std::string_view term, std::string_view column) {
  const auto units = units_in(term);
  const std::string name = printable(column, kColumnChars);
  if (!units) {
    return std::unexpected(term.starts_with('-')
                               ? fmt::format("the cost in '{}' is negative; a log says what requests took", name)
                               : fmt::format("the cost in '{}' is not a whole number from 0 to {}", name, kUnitsMax));
  }
  if (*units > kUnitsMax - sum) return std::unexpected(fmt::format("the cost is above {} at '{}'", kUnitsMax, name));
  return sum + *units;
}

}  // namespace rateguard::simulate

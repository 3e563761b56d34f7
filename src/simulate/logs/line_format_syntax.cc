// The three syntaxes of LineFormat: what nginx's variables, Apache's letters and Envoy's operators hold.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/ascii.h"
#include "simulate/logs/line_format.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kNameChars = 60;  // in a message

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), ascii_lower);
  return out;
}

// Collects fields and what stands between them.
class FormatBuilder {
 public:
  void literal(char c) { before_ += c; }
  void add(std::string_view name, FormatField field) {
    field.before = std::exchange(before_, {});
    field.name = name;
    format_.fields.push_back(std::move(field));
  }
  LineFormat finish(ValueEscapes escapes) {
    format_.after = std::move(before_);
    format_.escapes = escapes;
    return std::move(format_);
  }

 private:
  LineFormat format_;
  std::string before_;
};

FormatField field_of(FieldKind kind, int rank) {
  return {.use = FieldUse::kField, .kind = kind, .rank = rank};
}

FormatField header_of(std::string_view name) {
  const std::string lower = lower_case(name);
  if (lower == "host") return field_of(FieldKind::kHost, 0);
  return {.use = FieldUse::kHeader, .header = lower};
}

// --- nginx

struct Variable {
  std::string_view name;
  FieldKind kind;
  int rank;
};
// nginx.org/en/docs/varindex.html. $msec is finer than the other times; $request_uri is what the client asked for, $uri
// what nginx made of it; with the realip module $remote_addr is the client and $realip_remote_addr the peer.
// $client_and_port is ours, for the formats below that write both in one.
constexpr Variable kVariables[] = {
    {"msec", FieldKind::kTime, 0},
    {"time_iso8601", FieldKind::kTime, 1},
    {"time_local", FieldKind::kTime, 2},
    {"remote_addr", FieldKind::kClient, 0},
    {"the_real_ip", FieldKind::kClient, 1},  // ingress-nginx
    {"proxy_protocol_addr", FieldKind::kClient, 2},
    {"realip_remote_addr", FieldKind::kClient, 3},
    {"request", FieldKind::kRequest, 0},
    {"request_method", FieldKind::kMethod, 0},
    {"request_uri", FieldKind::kPath, 0},
    {"uri", FieldKind::kPath, 1},
    {"document_uri", FieldKind::kPath, 2},
    {"host", FieldKind::kHost, 1},
    {"server_name", FieldKind::kHost, 2},
    {"remote_user", FieldKind::kUser, 0},
};

// Whether one letter that is left out, put in or exchanged makes `b` of `a`.
bool differ_by_one(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  const auto from = std::ranges::mismatch(a, b).in1;
  const auto same = static_cast<size_t>(from - a.begin());
  if (b.size() == a.size()) return same < a.size() && a.substr(same + 1) == b.substr(same + 1);
  return b.size() == a.size() + 1 && a.substr(same) == b.substr(same + 1);
}

FormatField nginx_field(std::string_view variable) {
  if (variable == "client_and_port") return {.use = FieldUse::kClientAndPort};
  for (const Variable& known : kVariables) {
    if (known.name == variable) return field_of(known.kind, known.rank);
  }
  if (!variable.starts_with("http_")) return {};
  std::string name(variable.substr(5));
  std::ranges::replace(name, '_', '-');
  return header_of(name);
}

bool is_variable_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// --- Apache (httpd.apache.org/docs/2.4/mod/mod_log_config.html)

Result<FormatField> apache_time(std::string_view argument) {
  if (argument.starts_with("begin:")) argument.remove_prefix(6);
  if (argument.starts_with("end:")) argument.remove_prefix(4);
  if (argument.empty() || argument == "sec" || argument == "msec" || argument == "usec") {
    return field_of(FieldKind::kTime, argument == "usec" ? 0 : argument == "msec" ? 1 : 2);
  }
  auto pattern = TimePattern::compile(argument);
  if (!pattern) return std::unexpected(pattern.error());
  return FormatField{.use = FieldUse::kTimePiece, .pattern = std::move(*pattern)};
}

Result<FormatField> apache_field(char letter, std::string_view argument) {
  switch (letter) {
    case 'a':
      return field_of(FieldKind::kClient, argument == "c" ? 2 : 0);  // %{c}a: the peer, a proxy where %a is not
    case 'h':
      return field_of(FieldKind::kClient, 1);
    case 'u':
      return field_of(FieldKind::kUser, 0);
    case 'r':
      return field_of(FieldKind::kRequest, 0);
    case 'm':
      return field_of(FieldKind::kMethod, 0);
    case 'U':
      return field_of(FieldKind::kPath, 0);
    case 'v':
      return field_of(FieldKind::kHost, 2);
    case 'V':
      return field_of(FieldKind::kHost, 1);
    case 't':
      return apache_time(argument);
    case 'i':
      return header_of(argument);
    default:
      return FormatField{};
  }
}

// --- Envoy (envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage)

// REQ(NAME?OTHER):LENGTH, of which the first that the request has is logged.
FormatField envoy_request_field(std::string_view names) {
  const std::string lower = lower_case(names);
  if (lower == ":method") return field_of(FieldKind::kMethod, 0);
  if (lower.find(":path") != std::string::npos) return field_of(FieldKind::kPath, 0);
  if (lower.find(":authority") != std::string::npos) return field_of(FieldKind::kHost, 0);
  return header_of(std::string_view(lower).substr(0, lower.find('?')));
}

Result<FormatField> envoy_field(std::string_view name, std::string_view argument) {
  if (name == "START_TIME" || name == "START_TIME_LOCAL") {
    if (argument.empty() || argument.starts_with("%s")) return field_of(FieldKind::kTime, 0);
    auto pattern = TimePattern::compile(argument);
    if (!pattern) return std::unexpected(pattern.error());
    return FormatField{.use = FieldUse::kTimePiece, .pattern = std::move(*pattern)};
  }
  if (name == "REQ" || name == "REQ_WITHOUT_QUERY") return envoy_request_field(argument);
  if (name == "PATH") return field_of(FieldKind::kPath, 1);
  if (name == "DOWNSTREAM_REMOTE_ADDRESS" || name == "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT") {
    return field_of(FieldKind::kClient, 0);
  }
  if (name == "DOWNSTREAM_DIRECT_REMOTE_ADDRESS" || name == "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT") {
    return field_of(FieldKind::kClient, 1);
  }
  return FormatField{};
}

}  // namespace

std::string near_nginx_variable(std::string_view name) {
  constexpr size_t kNameMin = 4;  // a shorter one is near to many
  if (!name.starts_with('$')) return {};
  name.remove_prefix(1);
  if (name.starts_with('{') && name.ends_with('}')) name = name.substr(1, name.size() - 2);
  if (name.size() < kNameMin) return {};
  for (const Variable& known : kVariables) {
    if (differ_by_one(known.name, name)) return fmt::format("${}", known.name);
  }
  return {};
}

Result<LineFormat> compile_nginx_format(std::string_view text) {
  FormatBuilder builder;
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t begin = i;
    const bool braces = text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{';
    size_t end = i + (braces ? 2 : 1);
    while (text[i] == '$' && end < text.size() && is_variable_char(text[end])) ++end;
    const std::string_view name = text.substr(begin + (braces ? 2 : 1), end - begin - (braces ? 2 : 1));
    if (text[i] != '$' || name.empty() || (braces && (end == text.size() || text[end] != '}'))) {
      builder.literal(text[i]);
      continue;
    }
    i = braces ? end : end - 1;
    builder.add(text.substr(begin, i + 1 - begin), nginx_field(name));
  }
  return builder.finish(ValueEscapes::kBackslash);
}

Result<LineFormat> compile_apache_format(std::string_view text) {
  FormatBuilder builder;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 1 == text.size()) {
      builder.literal(text[i]);
      continue;
    }
    const size_t begin = i++;
    if (text[i] == '%') {
      builder.literal('%');
      continue;
    }
    i = std::min(text.find_first_not_of("<>!,0123456789", i), text.size());
    std::string_view argument;
    if (i < text.size() && text[i] == '{') {
      const size_t close = text.find('}', i);
      if (close == std::string_view::npos) return invalid("log format: a brace after % is never closed");
      argument = text.substr(i + 1, close - i - 1);
      i = std::min(text.find_first_not_of("<>!,0123456789", close + 1), text.size());
    }
    if (text.substr(std::min(i, text.size())).starts_with("^t")) ++i;  // %{VARNAME}^ti: trailers
    if (i >= text.size()) return invalid("log format: a % at the end has no letter");
    const std::string_view name = text.substr(begin, i + 1 - begin);
    auto field = apache_field(text[i], argument);
    if (!field) return std::unexpected(field.error());
    const bool in_brackets = text[i] == 't' && argument.empty();  // %t brings its own
    if (in_brackets) builder.literal('[');
    builder.add(name, std::move(*field));
    if (in_brackets) builder.literal(']');
  }
  return builder.finish(ValueEscapes::kBackslash);
}

Result<LineFormat> compile_envoy_format(std::string_view text) {
  FormatBuilder builder;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      builder.literal(text[i]);
      continue;
    }
    const size_t begin = i++;
    if (text.substr(i).starts_with('%')) {
      builder.literal('%');
      continue;
    }
    const size_t name_end = std::min(text.find_first_of("(%:", i), text.size());
    const std::string_view name = text.substr(i, name_end - i);
    std::string_view argument;
    i = name_end;
    if (i < text.size() && text[i] == '(') {
      const size_t close = text.find(')', i);
      if (close == std::string_view::npos) return invalid("log format: a parenthesis is never closed");
      argument = text.substr(i + 1, close - i - 1);
      i = close;
    }
    i = text.find('%', i);
    if (i == std::string_view::npos) {
      return invalid(fmt::format("log format: %{} is not closed by another %", printable(name, kNameChars)));
    }
    auto field = envoy_field(name, argument);
    if (!field) return std::unexpected(field.error());
    builder.add(text.substr(begin, i + 1 - begin), std::move(*field));
  }
  return builder.finish(ValueEscapes::kNone);
}

}  // namespace rateguard::simulate

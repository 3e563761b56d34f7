#include "simulate/logs/line_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "model/ascii.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

// No real log line has more fields.
constexpr size_t kFieldsMax = 200;
constexpr size_t kFormatChars = 100;  // in a message

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void skip_space(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

// A string in either quotes, `text` standing before its first one, escapes undone as nginx and Apache undo them:
// nullopt where it is never closed.
std::optional<std::string> take_string(std::string_view& text) {
  const char quote = text.front();
  std::string out;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      text.remove_prefix(i + 1);
      return out;
    }
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 't')
      out += '\t';
    else if (c == 'n')
      out += '\n';
    else if (c == 'r')
      out += '\r';
    else if (c == '"' || c == '\'' || c == '\\')
      out += c;
    else
      (out += '\\') += c;
  }
  return std::nullopt;
}

// A word of a configuration that stands in no quotes.
std::string take_bare(std::string_view& text) {
  std::string out;
  while (!text.empty() && !is_space(text.front()) && text.front() != ';') {
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

// nginx's directive from its name on: log_format NAME [escape=...] STRING...;
Result<LineFormat> compile_log_format(std::string_view text) {
  take_bare(text);
  skip_space(text);
  take_bare(text);
  ValueEscapes escapes = ValueEscapes::kBackslash;
  std::string format;
  for (skip_space(text); !text.empty() && text.front() != ';'; skip_space(text)) {
    if (text.front() == '#') {  // a comment up to the end of the line
      text.remove_prefix(std::min(text.find('\n'), text.size()));
      continue;
    }
    if (text.front() == '\'' || text.front() == '"') {
      const auto string = take_string(text);
      if (!string) return invalid("log format: a quote of log_format is never closed");
      format += *string;
      continue;
    }
    const std::string word = take_bare(text);
    if (word == "escape=json") {
      escapes = ValueEscapes::kJson;
    } else if (word == "escape=none") {
      escapes = ValueEscapes::kNone;
    } else if (word != "escape=default") {
      format += word;
    }
  }
  auto made = compile_nginx_format(format);
  if (made) made->escapes = escapes;
  return made;
}

// Apache's directive from its name on: LogFormat STRING [NICKNAME].
Result<LineFormat> compile_apache_directive(std::string_view text) {
  take_bare(text);
  skip_space(text);
  if (!text.starts_with('"') && !text.starts_with('\'')) {
    return invalid("log format: expected a string in quotes after LogFormat");
  }
  const auto string = take_string(text);
  if (!string) return invalid("log format: the quote of LogFormat is never closed");
  return compile_apache_format(*string);
}

// Several strings in a row, as they follow the name in nginx's configuration; nullopt where the text is something else.
std::optional<std::string> strings_alone(std::string_view text) {
  std::string out;
  for (skip_space(text); !text.empty() && text.front() != ';'; skip_space(text)) {
    if (text.front() != '\'' && text.front() != '"') {
      // Behind Apache's string may stand the format's name.
      const std::string name = take_bare(text);
      skip_space(text);
      return !out.empty() && text.empty() && name.find_first_of("%$\"") == std::string::npos ? std::optional(out)
                                                                                             : std::nullopt;
    }
    const auto string = take_string(text);
    if (!string) return std::nullopt;
    out += *string;
  }
  return out;
}

// Whether there is an operator such as %START_TIME% or %REQ(:METHOD)%.
bool has_envoy_operator(std::string_view text) {
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    size_t end = at + 1;
    while (end < text.size() && ((text[end] >= 'A' && text[end] <= 'Z') || text[end] == '_')) ++end;
    if (end - at > 3 && end < text.size() && (text[end] == '%' || text[end] == '(')) return true;
  }
  return false;
}

Result<LineFormat> compile_content(std::string_view text) {
  if (has_envoy_operator(text)) return compile_envoy_format(text);
  const bool nginx = text.find('$') != std::string_view::npos;
  return nginx ? compile_nginx_format(text) : compile_apache_format(text);
}

bool begins_with_directive(std::string_view text, std::string_view name) {
  return text.size() > name.size() && equal_ignoring_case(text.substr(0, name.size()), name) &&
         is_space(text[name.size()]);
}

Result<LineFormat> compile_any(std::string_view text) {
  skip_space(text);
  if (begins_with_directive(text, "log_format")) return compile_log_format(text);
  if (begins_with_directive(text, "LogFormat")) return compile_apache_directive(text);
  if (const auto strings = strings_alone(text); strings && !strings->empty()) return compile_content(*strings);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  // What stands in Apache's quotes has its own quotes escaped.
  std::string content(text);
  if (content.find("\\\"") != std::string::npos) {
    for (size_t at; (at = content.find("\\\"")) != std::string::npos;) content.erase(at, 1);
  }
  return compile_content(content);
}

// Of the fields of one kind only one is used, or the entry would have two clients.
void keep_best_of_each_kind(LineFormat& format) {
  for (FormatField& field : format.fields) {
    const bool client = field.use == FieldUse::kClientAndPort;
    if (field.use != FieldUse::kField && !client) continue;
    const FieldKind kind = client ? FieldKind::kClient : field.kind;
    for (const FormatField& other : format.fields) {
      const bool other_client = other.use == FieldUse::kClientAndPort;
      if (other.use != FieldUse::kField && !other_client) continue;
      const FieldKind other_kind = other_client ? FieldKind::kClient : other.kind;
      if (other_kind != kind || &other == &field) continue;
      if (other.rank < field.rank || (other.rank == field.rank && &other < &field)) field.use = FieldUse::kNothing;
    }
  }
}

bool has(const LineFormat& format, FieldKind kind) {
  return std::ranges::any_of(format.fields, [kind](const FormatField& field) {
    return (field.use == FieldUse::kField && field.kind == kind) ||
           (field.use == FieldUse::kClientAndPort && kind == FieldKind::kClient);
  });
}

// If a log has X-Forwarded-For and no address field, the client is in it.
void take_forwarded_for_client(LineFormat& format) {
  if (has(format, FieldKind::kClient)) return;
  for (const std::string_view name : {"x-forwarded-for", "x-real-ip"}) {
    const auto found = std::ranges::find(format.fields, name, &FormatField::header);
    if (found == format.fields.end()) continue;
    found->use = FieldUse::kField;
    found->kind = FieldKind::kClient;
    return;
  }
}

bool has_time(const LineFormat& format) {
  return has(format, FieldKind::kTime) || std::ranges::any_of(format.fields, [](const FormatField& field) {
           return field.use == FieldUse::kTimePiece && field.pattern->has_date();
         });
}

}  // namespace

Result<LineFormat> compile_line_format(std::string_view text) {
  auto format = compile_any(text);
  if (!format) return format;
  if (format->fields.empty()) {
    return invalid(
        fmt::format("log format: '{}' has no field such as $remote_addr (nginx), %h (Apache) or %START_TIME% "
                    "(Envoy)",
                    printable(text, kFormatChars)));
  }
  if (format->fields.size() > kFieldsMax) {
    return invalid(fmt::format("log format: more than {} fields", kFieldsMax));
  }
  for (size_t i = 1; i < format->fields.size(); ++i) {
    const FormatField& field = format->fields[i];
    if (!field.before.empty() || format->fields[i - 1].use == FieldUse::kTimePiece) continue;
    return invalid(fmt::format("log format: nothing stands between {} and {}, so where one ends is unknown",
                               printable(format->fields[i - 1].name, kFormatChars),
                               printable(field.name, kFormatChars)));
  }
  take_forwarded_for_client(*format);
  keep_best_of_each_kind(*format);
  if (!has_time(*format)) {
    return invalid(
        "log format: it names no time: $time_local, $time_iso8601 or $msec (nginx), %t (Apache) or "
        "%START_TIME% (Envoy) is missing");
  }
  if (!has(*format, FieldKind::kClient)) {
    return invalid(
        "log format: it names no address: $remote_addr or $http_x_forwarded_for (nginx), %h, %a or "
        "%{X-Forwarded-For}i (Apache), %DOWNSTREAM_REMOTE_ADDRESS% or %REQ(X-FORWARDED-FOR)% (Envoy) is "
        "missing");
  }
  return format;
}

}  // namespace rateguard::simulate

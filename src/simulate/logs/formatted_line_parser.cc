#include "simulate/logs/formatted_line_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "simulate/logs/byte_search.h"
#include "simulate/logs/json_text.h"
#include "simulate/logs/log_time.h"
#include "simulate/logs/quoted_text.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kTextChars = 40;  // of the line, in a message
constexpr size_t kTimeCharsMax = 48;
constexpr std::string_view kProtocol = "%PROTOCOL%";  // Envoy's
constexpr std::string_view kAnything = "$anything";   // of a known layout: several words, or none

std::string use_name(const FormatField& field) {
  switch (field.use) {
    case FieldUse::kNothing:
      return {};
    case FieldUse::kField:
      return field.kind == FieldKind::kRequest ? "method, path" : std::string(to_string(field.kind));
    case FieldUse::kClientAndPort:
      return "ip";
    case FieldUse::kHeader:
      return "header " + field.header;
    case FieldUse::kTimePiece:
      return "time";
  }
  return {};
}

bool is_field(const FormatField& field, FieldKind kind) {
  return field.use == FieldUse::kField && field.kind == kind;
}

// Where a list of addresses ends, whose commas have spaces behind them: before the first other `next`, which begins
// with a space, or with the text.
size_t end_of_addresses(std::string_view text, std::string_view next) {
  size_t end = text.find(next);
  while (end != std::string_view::npos && end > 0 && text[end - 1] == ',') end = text.find(next, end + 1);
  return std::min(end, text.size());
}

// Envoy's field for the method of a request, which connections without one have empty.
bool is_envoy_method(const FormatField& field) {
  return is_field(field, FieldKind::kMethod) && field.name.starts_with('%');
}

// Whether the value may hold spaces though it stands in no quotes: what clients send, and lists of addresses.
bool may_hold_spaces(const FormatField& field) {
  return !field.header.empty() || field.name == kAnything || is_field(field, FieldKind::kUser) ||
         is_field(field, FieldKind::kRequest) || is_field(field, FieldKind::kPath) ||
         is_field(field, FieldKind::kClient);
}

}  // namespace

FormattedLineParser::FormattedLineParser(LineFormat format, const WantedHeaders& wanted) : escapes_(format.escapes) {
  for (size_t i = 0; i < format.fields.size(); ++i) {
    FormatField& field = format.fields[i];
    if (field.use == FieldUse::kHeader && !wanted.contains(field.header)) field.use = FieldUse::kNothing;
    has_pieces_ |= field.use == FieldUse::kTimePiece;
    has_time_ |= is_field(field, FieldKind::kTime);
    has_connections_ |= is_envoy_method(field);
    const bool last = i + 1 == format.fields.size();
    std::string next = last ? format.after : format.fields[i + 1].before;
    steps_.push_back({.field = std::move(field), .next = std::move(next)});
  }
  for (size_t i = 0; i < steps_.size(); ++i) steps_[i].end = end_of(i, format.escapes);
  for (size_t i = steps_.size(); i-- > 0;) {
    steps_[i].begins_here = begins_where_found(i);
    if (!is_unwanted_word(i)) continue;
    steps_[i].words = i + 1 < steps_.size() && steps_[i].next == " " ? steps_[i + 1].words + 1 : 1;
  }
}

bool FormattedLineParser::begins_where_found(size_t index) const {
  if (index == 0) return false;
  const Step& before = steps_[index - 1];
  return before.end != End::kQuote && before.field.use != FieldUse::kTimePiece && !before.next.empty();
}

bool FormattedLineParser::is_unwanted_word(size_t index) const {
  const Step& step = steps_[index];
  const bool is_looked_at = has_connections_ && step.field.name == kProtocol;
  return step.field.use == FieldUse::kNothing && step.end == End::kSpace && !is_looked_at;
}

FormattedLineParser::End FormattedLineParser::end_of(size_t index, ValueEscapes escapes) const {
  const Step& step = steps_[index];
  if (step.next.empty()) {
    if (index + 1 < steps_.size()) return End::kText;  // pieces of a time side by side
    return step.field.use == FieldUse::kNothing || may_hold_spaces(step.field) ? End::kLine : End::kWord;
  }
  if (step.next.front() == '"' && step.field.before.ends_with('"') && escapes != ValueEscapes::kNone)
    return End::kQuote;
  const bool before_time = index + 1 < steps_.size() && is_field(steps_[index + 1].field, FieldKind::kTime);
  if (is_field(step.field, FieldKind::kUser) && before_time) return End::kBeforeTime;
  if (is_field(step.field, FieldKind::kTime)) return End::kTime;
  return step.next.front() == ' ' && !may_hold_spaces(step.field) ? End::kSpace : End::kText;
}

size_t FormattedLineParser::find_end(size_t index, std::string_view rest) const {
  const Step& step = steps_[index];
  switch (step.end) {
    case End::kQuote:
      return find_closing_quote(rest);
    case End::kBeforeTime:
      return find_end_before_time(step, steps_[index + 1], rest);
    case End::kWord:
      return std::min(rest.find(' '), rest.size());
    case End::kLine:
      return is_field(step.field, FieldKind::kClient) ? end_of_addresses(rest, " ") : rest.size();
    case End::kSpace: {
      const size_t space = find_first<' '>(rest, 0);
      return begins_with(rest.substr(space), step.next) ? space : std::string_view::npos;
    }
    case End::kTime:
      if (rest.size() > AccessTimeParser::kLength && rest[2] == '/' && rest[20] == ' ' &&
          begins_with(rest.substr(AccessTimeParser::kLength), step.next)) {
        return AccessTimeParser::kLength;
      }
      break;
    case End::kText:
      break;
  }
  if (step.next.empty()) return rest.size();
  if (step.next.front() == ' ' && is_field(step.field, FieldKind::kClient)) {
    const size_t end = end_of_addresses(rest, step.next);
    return end == rest.size() ? std::string_view::npos : end;
  }
  return step.next.size() == 1 ? rest.find(step.next.front()) : rest.find(step.next);
}

// Where the last of several words ends that nobody wants, of which this step is the first; npos where the line is not
// so, which their steps then find out one by one.
size_t FormattedLineParser::find_end_of_unwanted(size_t index, std::string_view rest) const {
  const size_t words = steps_[index].words;
  const size_t end = find_end_of_word(rest, words);
  if (end == std::string_view::npos || !begins_with(rest.substr(end), steps_[index + words - 1].next)) {
    return std::string_view::npos;
  }
  return end;
}

size_t FormattedLineParser::find_end_before_time(const Step& step, const Step& time, std::string_view rest) const {
  size_t found = std::string_view::npos;
  for (size_t at = rest.find(step.next); at != std::string_view::npos; at = rest.find(step.next, at + 1)) {
    const std::string_view after = rest.substr(at + step.next.size(), kTimeCharsMax);
    const size_t end = time.next.empty() ? after.find(' ') : after.find(time.next);
    if (end != std::string_view::npos && parse_timestamp(after.substr(0, end))) found = at;
  }
  return found != std::string_view::npos ? found : rest.find(step.next);
}

std::string_view FormattedLineParser::unescaped(std::string_view text) {
  if (escapes_ == ValueEscapes::kNone || text.find('\\') == std::string_view::npos) return text;
  std::string& out = texts_.emplace_back();
  if (escapes_ == ValueEscapes::kJson) {
    unescape_json(text, out);
  } else {
    unescape(text, out);
  }
  return out;
}

Parsed FormattedLineParser::use(const Step& step, std::string_view text) {
  switch (step.field.use) {
    case FieldUse::kNothing:
    case FieldUse::kTimePiece:
      return {};
    case FieldUse::kField:
      return fields_.set(step.field.kind, step.field.kind == FieldKind::kTime ? text : unescaped(text));
    case FieldUse::kClientAndPort: {
      std::string_view address = text.substr(0, text.rfind(':'));
      if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
      return fields_.set(FieldKind::kClient, address);
    }
    case FieldUse::kHeader:
      fields_.add_header(step.field.header, unescaped(text));
      return {};
  }
  return {};
}

Parsed FormattedLineParser::parse(std::string_view line, LogEntry& out) {
  texts_.clear();
  fields_.begin(out);
  if (has_pieces_) parts_ = {};
  std::string_view rest = line;
  bool has_protocol = false;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (!step.begins_here && !begins_with(rest, step.field.before)) {
      return malformed(fmt::format("expected '{}' before {}, and found '{}'", printable(step.field.before, kTextChars),
                                   step.field.name, printable(rest, kTextChars)));
    }
    rest.remove_prefix(step.field.before.size());
    if (step.words > 1 && !noting()) {
      if (const size_t end = find_end_of_unwanted(i, rest); end != std::string_view::npos) {
        rest.remove_prefix(end);
        i += step.words - 1;
        continue;
      }
    }
    size_t end;
    if (step.field.use == FieldUse::kTimePiece) {
      std::string_view after = rest;
      if (!step.field.pattern->read(after, parts_)) {
        return malformed(fmt::format("{} is not like '{}'", step.field.name, printable(rest, kTextChars)));
      }
      end = rest.size() - after.size();
    } else {
      end = find_end(i, rest);
    }
    if (end == std::string_view::npos) {
      return malformed(fmt::format("expected '{}' after {}", printable(step.next, kTextChars), step.field.name));
    }
    const std::string_view text = rest.substr(0, end);
    if (noting()) note(step.field.name, text, use_name(step.field));
    has_protocol |= has_connections_ && step.field.name == kProtocol && text != "-";
    if (auto used = use(step, text); !used) return used;
    rest.remove_prefix(end);
  }
  if (has_pieces_ && !has_time_) {
    const auto time = checked_time(parts_.instant());
    if (!time) return malformed(time.error());
    out.time = *time;
  }
  fields_.end();
  if (has_connections_ && !has_protocol && out.method.empty() && out.path.empty()) out.kind = LineKind::kNoRequest;
  return {};
}

}  // namespace rateguard::simulate

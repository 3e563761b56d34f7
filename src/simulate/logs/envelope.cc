#include "simulate/logs/envelope.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "model/ascii.h"
#include "simulate/logs/json_text.h"
#include "simulate/logs/line_reader.h"
#include "simulate/logs/log_time.h"

namespace rateguard::simulate {
namespace {

constexpr uint8_t kStdout = 0;
constexpr uint8_t kStderr = 1;
// Envelopes in envelopes: a shipper's around Kubernetes' around Docker's.
constexpr size_t kDepthMax = 3;

std::string_view take_word(std::string_view& rest) {
  const size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

bool is_rfc3339(std::string_view text) {
  return text.size() >= 20 && text[4] == '-' && text[10] == 'T' && parse_timestamp(text).has_value();
}

std::optional<Enveloped> unwrap_cri(std::string_view line) {
  std::string_view rest = line;
  const std::string_view time = take_word(rest);
  if (time.size() < 20 || time[4] != '-' || time[10] != 'T') return std::nullopt;
  const std::string_view stream = take_word(rest);
  if (stream != "stdout" && stream != "stderr") return std::nullopt;
  const std::string_view tag = take_word(rest);
  if (tag != "F" && tag != "P") return std::nullopt;
  return Enveloped{.text = rest, .goes_on = tag == "P", .stream = stream == "stderr" ? kStderr : kStdout};
}

std::optional<Enveloped> unwrap_compose(std::string_view line) {
  size_t end = 0;
  while (end < line.size() && (is_token_char(line[end]) && line[end] != '|')) ++end;
  const size_t bar = line.find_first_not_of(' ', end);
  if (end == 0 || bar == end || bar == std::string_view::npos || line[bar] != '|') return std::nullopt;
  std::string_view rest = line.substr(bar + 1);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  return Enveloped{.text = rest};
}

// "Oct 11 22:14:15", the day padded with a space.
bool takes_rfc3164_time(std::string_view& rest) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr size_t kLength = 16;  // with the space after it
  if (rest.size() < kLength || rest[3] != ' ' || rest[6] != ' ' || rest[9] != ':' || rest[12] != ':' || rest[15] != ' ')
    return false;
  const size_t month = kMonths.find(rest.substr(0, 3));
  if (month == std::string_view::npos || month % 3 != 0) return false;
  rest.remove_prefix(kLength);
  return true;
}

// "[id name="value"][...]" or "-", and the space after it (RFC 5424 section 6.3).
bool takes_structured_data(std::string_view& rest) {
  if (rest.starts_with('-')) {
    rest.remove_prefix(1);
  } else {
    if (!rest.starts_with('[')) return false;
    while (rest.starts_with('[')) {
      bool quoted = false;
      size_t at = 1;
      for (; at < rest.size() && (quoted || rest[at] != ']'); ++at) {
        if (rest[at] == '\\')
          ++at;
        else if (rest[at] == '"')
          quoted = !quoted;
      }
      if (at >= rest.size()) return false;
      rest.remove_prefix(at + 1);
    }
  }
  if (rest.empty()) return true;
  if (!rest.starts_with(' ')) return false;
  rest.remove_prefix(1);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  return true;
}

std::optional<Enveloped> unwrap_syslog(std::string_view line) {
  std::string_view rest = line;
  bool has_priority = false;
  if (rest.starts_with('<')) {
    const size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == std::string_view::npos || end == 1 || end > 4 || rest[end] != '>') return std::nullopt;
    rest.remove_prefix(end + 1);
    has_priority = true;
  }
  if (has_priority && rest.starts_with("1 ")) {  // RFC 5424: time, host, program, process, message id, structured data
    rest.remove_prefix(2);
    for (int i = 0; i < 5; ++i) take_word(rest);
    if (!takes_structured_data(rest)) return std::nullopt;
    return Enveloped{.text = rest};
  }
  if (!takes_rfc3164_time(rest)) {
    std::string_view after = rest;
    if (!is_rfc3339(take_word(after))) return std::nullopt;
    rest = after;
  }
  // The host may be missing where the sender is nginx's or Docker's; the tag ends in a colon.
  for (int i = 0; i < 2; ++i) {
    const std::string_view word = take_word(rest);
    if (word.ends_with(':')) return Enveloped{.text = rest};
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Envelope envelope) {
  switch (envelope) {
    case Envelope::kDockerJson:
      return "Docker json-file";
    case Envelope::kCri:
      return "CRI";
    case Envelope::kSyslog:
      return "syslog";
    case Envelope::kCompose:
      return "docker compose";
  }
  return {};
}

std::optional<Enveloped> Unwrapper::unwrap(std::string_view line) {
  switch (envelope_) {
    case Envelope::kDockerJson:
      return unwrap_docker(line);
    case Envelope::kCri:
      return unwrap_cri(line);
    case Envelope::kSyslog:
      return unwrap_syslog(line);
    case Envelope::kCompose:
      return unwrap_compose(line);
  }
  return std::nullopt;
}

std::optional<Enveloped> Unwrapper::unwrap_docker(std::string_view line) {
  JsonCursor cursor(line);
  if (!cursor.open('{')) return std::nullopt;
  std::optional<JsonValue> log;
  std::optional<JsonValue> stream;
  while (const auto name = cursor.next_name()) {
    const JsonValue value = cursor.value();
    if (value.type != JsonType::kString) continue;
    if (name->text == "log") log = value;
    if (name->text == "stream") stream = value;
  }
  if (cursor.failed() || !log || !stream || !cursor.at_end()) return std::nullopt;
  std::string_view text = log->text;
  bool goes_on = true;
  if (log->has_escapes) {  // each line has at least the "\n" at its end
    unescape_json(text, unescaped_);
    text = unescaped_;
    goes_on = !text.ends_with('\n');
    if (!goes_on) text.remove_suffix(1);
  }
  if (text.ends_with('\r')) text.remove_suffix(1);
  return Enveloped{.text = text, .goes_on = goes_on, .stream = stream->text == "stderr" ? kStderr : kStdout};
}

std::vector<Envelope> take_envelopes(std::vector<std::string>& lines) {
  std::vector<Envelope> out;
  for (bool taken = true; taken && out.size() < kDepthMax;) {
    taken = false;
    for (const Envelope envelope : kEnvelopes) {
      std::vector<std::string> inside;
      Unwrapper unwrapper(envelope);
      for (const std::string& line : lines) {
        if (const auto unwrapped = unwrapper.unwrap(line)) inside.emplace_back(unwrapped->text);
      }
      if (inside.size() * 2 <= lines.size()) continue;
      lines = std::move(inside);
      out.push_back(envelope);
      taken = true;
      break;
    }
  }
  return out;
}

EnvelopedParser::EnvelopedParser(std::span<const Envelope> envelopes, std::unique_ptr<LineParser> inner)
    : inner_(std::move(inner)) {
  for (const Envelope envelope : envelopes) unwrappers_.emplace_back(envelope);
}

void EnvelopedParser::note_fields(std::vector<NotedField>* notes) {
  LineParser::note_fields(notes);
  inner_->note_fields(notes);
}

Parsed EnvelopedParser::parse(std::string_view line, LogEntry& out) {
  out = {};
  Enveloped inside{.text = line};
  for (Unwrapper& unwrapper : unwrappers_) {
    const std::string_view around = inside.text;
    const auto unwrapped = unwrapper.unwrap(around);
    if (!unwrapped) return malformed(fmt::format("no line of {}, as those before it", to_string(unwrapper.envelope())));
    inside.text = unwrapped->text;
    inside.goes_on |= unwrapped->goes_on;
    inside.stream |= unwrapped->stream;
  }
  std::string& part = parts_[inside.stream];
  if (inside.goes_on && part.size() + inside.text.size() <= kLineBytesMax) {
    part += inside.text;
    out.kind = LineKind::kNotARecord;
    return {};
  }
  if (!part.empty()) {
    whole_ = part;
    whole_ += inside.text;
    part.clear();
    inside.text = whole_;
  }
  if (is_blank(inside.text)) {
    out.kind = LineKind::kNotARecord;
    return {};
  }
  return inner_->parse(inside.text, out);
}

}  // namespace rateguard::simulate

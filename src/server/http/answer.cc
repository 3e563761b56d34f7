#include "server/http/answer.h"

#include "server/http/json_text.h"

namespace rateguard::http {
namespace {

void append_wait(std::string& out, Duration wait) {
  if (wait.is_never()) {
    out += "null";
  } else {
    append_number(out, wait.ceil_millis());
  }
}

void append_figures(std::string& out, const Decision& decision) {
  out += "\"limit\":";
  append_number(out, decision.limit);
  out += ",\"remaining\":";
  append_number(out, decision.remaining);
  out += ",\"retry_after_ms\":";
  append_wait(out, decision.retry_after);
  out += ",\"reset_after_ms\":";
  append_wait(out, decision.reset_after);
}

void append_rule(std::string& out, std::string_view rule) {
  out += ",\"rule\":";
  if (rule.empty()) {
    out += "null";
  } else {
    append_json_string(out, rule);
  }
}

void append_extras(std::string& out, const AnswerLine& line) {
  if (line.limit != nullptr && line.limit->algorithm == Algorithm::kLeakyBucket) {
    out += ",\"delay_ms\":";
    append_wait(out, line.decision.delay);
  }
  if (line.decision.hold.is_set()) {
    out += ",\"hold\":\"";
    append_hold(out, line.decision.hold);
    out += '"';
  }
}

void append_line(std::string& out, const AnswerLine& line) {
  out += "{\"allowed\":";
  append_bool(out, line.decision.allowed());
  out += ',';
  append_figures(out, line.decision);
  append_rule(out, line.rule);
  out += ",\"mode\":";
  out += line.mode == Mode::kEnforce ? "\"enforce\"" : "\"shadow\"";
  if (line.limit != nullptr) {
    out += ",\"algorithm\":\"";
    out += to_string(line.limit->algorithm);
    out += '"';
  }
  append_extras(out, line);
  out += '}';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void append_answer(std::string& out, const Answer& answer, Explain explain) {
  out += answer.allowed ? "{\"allowed\":true," : "{\"allowed\":false,";
  if (answer.deciding != nullptr) {
    append_figures(out, answer.deciding->decision);
    append_rule(out, answer.deciding->rule);
  } else {
    out += R"("limit":null,"remaining":null,"retry_after_ms":)";
    out += answer.allowed ? "0" : "null";
    out += ",\"reset_after_ms\":0";
    append_rule(out, answer.rejected_by);
  }
  out += ",\"degraded\":";
  append_bool(out, answer.degraded);
  if (answer.deciding != nullptr) append_extras(out, *answer.deciding);
  if (!answer.rejected_by.empty()) {
    out += ",\"reason\":\"missing_identity\",\"missing\":";
    append_json_string(out, answer.missing_part);
  }
  if (explain == Explain::kYes) {
    out += ",\"limits\":[";
    for (const AnswerLine& line : answer.lines) {
      if (&line != answer.lines.data()) out += ',';
      append_line(out, line);
    }
    out += ']';
  }
  out += '}';
}

void append_hold(std::string& out, const HoldId& hold) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const uint8_t byte : hold.bytes) {
    out += kHex[byte >> 4];
    out += kHex[byte & 0xF];
  }
}

bool parse_hold(std::string_view text, HoldId& hold) {
  if (text.size() != 2 * hold.bytes.size()) return false;
  for (size_t i = 0; i < hold.bytes.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    hold.bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace rateguard::http

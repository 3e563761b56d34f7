#include "server/http/answer.h"

#include "server/hold_text.h"
#include "server/json_text.h"

namespace rateguard::http {
namespace {

using server::append_bool;
using server::append_json_string;
using server::append_number;

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
    server::append_hold(out, line.decision.hold);
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

}  // namespace

int status_of(const Answer& answer) {
  return answer.allowed ? 200 : answer.undecided() ? 503 : 429;
}

void append_answer(std::string& out, const Answer& answer, Explain explain) {
  out += answer.allowed ? "{\"allowed\":true," : "{\"allowed\":false,";
  if (answer.deciding != nullptr) {
    append_figures(out, answer.deciding->decision);
    append_rule(out, answer.deciding->rule);
  } else {
    out += R"("limit":null,"remaining":null,"retry_after_ms":)";
    out += answer.allowed ? "0" : answer.undecided() ? "1000" : "null";
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

}  // namespace rateguard::http

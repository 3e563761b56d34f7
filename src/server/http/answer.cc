#include "server/http/answer.h"

#include "server/charge_text.h"
#include "server/hold_text.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

using std::string_view_literals::operator""sv;

// `name` with its comma and quotes, then a wait in milliseconds; null: never.
template <size_t N>
void append_wait(std::string& out, const char (&name)[N], Duration wait) {
  if (wait.is_never()) {
    append_all(out, name, "null");
  } else {
    append_all(out, name, wait.ceil_millis());
  }
}

void append_figures(std::string& out, const Decision& decision) {
  append_all(out, "\"limit\":", decision.limit, ",\"remaining\":", decision.remaining);
  append_wait(out, ",\"retry_after_ms\":", decision.retry_after);
  append_wait(out, ",\"reset_after_ms\":", decision.reset_after);
}

void append_rule(std::string& out, std::string_view rule) {
  if (rule.empty()) return append_all(out, ",\"rule\":null");
  append_all(out, ",\"rule\":");
  append_json_string(out, rule);
}

void append_extras(std::string& out, const AnswerLine& line) {
  if (line.limit != nullptr && line.limit->algorithm == Algorithm::kLeakyBucket) {
    append_wait(out, ",\"delay_ms\":", line.decision.delay);
  }
  if (line.decision.hold.is_set()) {
    out += ",\"hold\":\"";
    server::append_hold(out, line.decision.hold);
    out += '"';
  }
}

void append_line(std::string& out, const Answer& answer, const AnswerLine& line) {
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
  append_all(out, ",\"cost\":", server::signed_units(line.cost),
             ",\"charged\":", answer.has_charged(line) ? "true"sv : "false"sv);
  append_extras(out, line);
  out += '}';
}

}  // namespace

int status_of(const Answer& answer) {
  return answer.allowed ? 200 : answer.undecided() ? 503 : 429;
}

void append_answer(std::string& out, const Answer& answer, Explain explain) {
  append_all(out, "{\"allowed\":", answer.allowed ? "true,"sv : "false,"sv);
  if (answer.deciding != nullptr) {
    append_figures(out, answer.deciding->decision);
    append_rule(out, answer.deciding->rule);
  } else {
    out += R"("limit":null,"remaining":null,"retry_after_ms":)";
    out += answer.allowed ? "0" : answer.undecided() ? "1000" : "null";
    out += ",\"reset_after_ms\":0";
    append_rule(out, answer.rejected_by.empty() ? answer.exempted_by : answer.rejected_by);
  }
  append_all(out, ",\"degraded\":", answer.degraded ? "true"sv : "false"sv);
  if (answer.deciding != nullptr) append_extras(out, *answer.deciding);
  if (!answer.rejected_by.empty()) {
    out += answer.unknown_plan ? ",\"reason\":\"unknown_plan\",\"missing\":"
                               : ",\"reason\":\"missing_identity\",\"missing\":";
    append_json_string(out, answer.missing_part);
  }
  if (explain == Explain::kYes) {
    out += ",\"limits\":";
    append_limits(out, answer);
  }
  out += '}';
}

void append_limits(std::string& out, const Answer& answer) {
  out += '[';
  for (const AnswerLine& line : answer.lines) {
    if (&line != answer.lines.data()) out += ',';
    append_line(out, answer, line);
  }
  out += ']';
}

void append_charge_of(std::string& out, const server::CheckDesk& desk, size_t index, Instant now) {
  const auto receipt = desk.receipt(index, now);
  const auto secret = desk.charge_secret(index);
  if (!receipt || receipt->hold.is_set() || !secret) return;
  out.pop_back();  // goes on behind the last member
  out += ",\"charge\":\"";
  server::append_charge(out, *receipt, desk.direct(index).key, *secret);
  out += "\"}";
}

}  // namespace rateguard::http_api

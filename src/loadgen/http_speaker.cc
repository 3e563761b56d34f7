#include "loadgen/http_speaker.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "http/server_options.h"
#include "text/json_text.h"

namespace rateguard::loadgen {
namespace {

constexpr http::Limits kLimits{.header_bytes_max = 64 * 1024, .headers_max = 256};
// How much of an error's content is kept, for a line of the report.
constexpr size_t kContentKept = 4 * 1024;
// The limit of questions that should be refused: one unit in thirty days, used up by the first of them.
constexpr std::string_view kUsedUp = R"("algorithm":"gcra","burst":1,"rate":"1/30d")";

std::string body_of(const Plan& plan, bool used_up) {
  if (!plan.body.empty()) return plan.body;
  const std::string_view cost = plan.cost == 1 ? "" : R"(,"cost":{cost})";
  if (!plan.rule.empty()) {
    std::string rule;
    append_json_string(rule, plan.rule);
    return fmt::format(R"({{"rule":{},"key":"{{key}}"{}}})", rule, cost);
  }
  if (used_up) return fmt::format(R"({{"key":"{{key}}",{}{}}})", kUsedUp, cost);
  return fmt::format(R"({{"key":"{{key}}","algorithm":"token_bucket","capacity":{},"refill_rate":"{}/{}ms"{}}})",
                     plan.limit.capacity, plan.limit.units, plan.limit.period.us / 1'000, cost);
}

// Only checks on the default path have a generated body.
bool makes_body(const Plan& plan) {
  return !plan.body.empty() || !plan.rule.empty() || plan.target.path == "/check";
}

std::string method_of(const Plan& plan) {
  return !plan.method.empty() ? plan.method : makes_body(plan) ? "POST" : "GET";
}

std::string head_of(const Plan& plan, bool has_body) {
  const bool v6 = plan.target.host.find(':') != std::string::npos;
  std::string head =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}{}{}:{}\r\nUser-Agent: rateguard-bench\r\nAccept: */*\r\n",
                  method_of(plan), plan.target.path, v6 ? "[" : "", plan.target.host, v6 ? "]" : "", plan.target.port);
  if (!plan.token.empty()) head += fmt::format("Authorization: Bearer {}\r\n", plan.token);
  for (const std::string& header : plan.headers) head += header + "\r\n";
  if (has_body) head += "Content-Type: application/json\r\nContent-Length: ";
  return head;
}

// A problem document's detail (RFC 9457), or the body itself.
std::string detail_of(std::string_view body) {
  constexpr std::string_view kDetail = "\"detail\":\"";
  const size_t at = body.find(kDetail);
  if (at == std::string_view::npos) return one_line(body);
  std::string text;
  for (size_t i = at + kDetail.size(); i < body.size() && body[i] != '"'; ++i) {
    if (body[i] == '\\' && i + 1 < body.size()) ++i;  // quotes and backslashes; other escapes stay as they are
    text += body[i];
  }
  return one_line(text);
}

}  // namespace

HttpSpeaker::HttpSpeaker(const Plan& plan)
    : body_(makes_body(plan) ? body_of(plan, false) : ""),
      refused_body_(makes_body(plan) ? body_of(plan, true) : ""),
      has_body_(makes_body(plan)),
      head_(head_of(plan, has_body_)),
      asked_(method_of(plan) == "HEAD" ? http::Asked::kHead : http::Asked::kContent),
      parser_(kLimits) {
  parser_.begin(asked_);
}

void HttpSpeaker::ask(const Question& question, Ticket ticket, std::string& out) {
  tickets_.push(ticket);
  out += head_;
  if (!has_body_) {
    out += "\r\n";
    return;
  }
  rendered_.clear();
  (question.used_up ? refused_body_ : body_).render(question, rendered_);
  fmt::format_to(std::back_inserter(out), "{}\r\n\r\n", rendered_.size());
  out += rendered_;
}

std::expected<void, std::string> HttpSpeaker::hear(std::string_view bytes, std::vector<QuestionResult>& answers,
                                                   std::string& /*out*/) {
  waiting_ += bytes;
  std::span<char> rest(waiting_);
  std::expected<bool, std::string> more = true;
  while (more && *more) more = take(rest, answers);
  const auto understood = static_cast<size_t>(rest.data() - waiting_.data());
  waiting_.resize(understood + rest.size());
  waiting_.erase(0, understood);
  if (!more) return std::unexpected(more.error());
  return {};
}

std::expected<bool, std::string> HttpSpeaker::take(std::span<char>& rest, std::vector<QuestionResult>& answers) {
  using Status = http::Http1ResponseParser::Status;
  if (tickets_.empty() && !rest.empty())
    return std::unexpected("malformed HTTP answer");  // an answer without a question
  const Status status = parser_.parse(rest);
  if (status == Status::kRejected) return std::unexpected("malformed HTTP answer");
  if (status == Status::kHead) {
    status_ = parser_.head(rest).status;
    content_.clear();
    rest = rest.subspan(parser_.take_head());
    if (parser_.ends_with_connection()) return std::unexpected("HTTP answer without a length");
    return true;
  }
  if (status_ >= 300) content_ += parser_.piece(rest).substr(0, kContentKept - std::min(kContentKept, content_.size()));
  rest = rest.subspan(parser_.drop_piece());
  if (status == Status::kNeedMore) return false;
  closing_ = closing_ || !parser_.keep_alive();
  answers.push_back(answer_of(tickets_.pop()));
  parser_.begin(asked_);
  status_ = 0;
  return !rest.empty();
}

QuestionResult HttpSpeaker::answer_of(Ticket ticket) const {
  QuestionResult answer{.ticket = ticket};
  if (status_ == 429) {
    answer.kind = QuestionResult::Kind::kRefused;
  } else if (status_ >= 300) {
    answer.kind = QuestionResult::Kind::kError;
    answer.error = fmt::format("HTTP {}", status_);
    answer.detail = detail_of(content_);
  }
  return answer;
}

}  // namespace rateguard::loadgen

#include "loadgen/http_speaker.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include "model/ascii.h"

namespace rateguard::loadgen {
namespace {

constexpr size_t kHeadBytesMax = 64 * 1024;
constexpr size_t kBodyBytesMax = 64 * 1024 * 1024;
// The limit of the questions that are to be refused: one unit in thirty days, used up by the first of them.
constexpr std::string_view kUsedUp = R"("algorithm":"gcra","burst":1,"rate":"1/30d")";

// JSON's quotes and backslashes, which a rule's name may hold.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string body_of(const Plan& plan, bool used_up) {
  if (!plan.body.empty()) return plan.body;
  const std::string_view cost = plan.cost == 1 ? "" : R"(,"cost":{cost})";
  if (!plan.rule.empty()) {
    return fmt::format(R"({{"rule":"{}","key":"{{key}}"{}}})", escaped(plan.rule), cost);
  }
  if (used_up) return fmt::format(R"({{"key":"{{key}}",{}{}}})", kUsedUp, cost);
  return fmt::format(R"({{"key":"{{key}}","algorithm":"token_bucket","capacity":{},"refill_rate":"{}/{}ms"{}}})",
                     plan.limit.capacity, plan.limit.units, plan.limit.period.us / 1'000, cost);
}

// Only a check on the default path has a body of its own making.
bool makes_body(const Plan& plan) {
  return !plan.body.empty() || !plan.rule.empty() || plan.target.path == "/check";
}

std::string head_of(const Plan& plan, bool has_body) {
  const std::string method = !plan.method.empty() ? plan.method : has_body ? "POST" : "GET";
  const bool v6 = plan.target.host.find(':') != std::string::npos;
  std::string head =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}{}{}:{}\r\nUser-Agent: rateguard-bench\r\nAccept: */*\r\n", method,
                  plan.target.path, v6 ? "[" : "", plan.target.host, v6 ? "]" : "", plan.target.port);
  if (!plan.token.empty()) head += fmt::format("Authorization: Bearer {}\r\n", plan.token);
  for (const std::string& header : plan.headers) head += header + "\r\n";
  if (has_body) head += "Content-Type: application/json\r\nContent-Length: ";
  return head;
}

struct Head {
  int status = 0;
  std::optional<size_t> length = {};
  bool chunked = false;
  bool closes = false;
};

std::optional<Head> parse_head(std::string_view text) {
  Head head;
  if (!text.starts_with("HTTP/1.") || text.size() < 12) return std::nullopt;
  head.closes = text[7] == '0';
  const auto [end, error] = std::from_chars(text.data() + 9, text.data() + 12, head.status);
  if (error != std::errc() || end != text.data() + 12 || head.status < 100) return std::nullopt;
  const size_t status_end = std::min(text.find("\r\n"), text.size());
  text.remove_prefix(std::min(status_end + 2, text.size()));
  while (!text.empty()) {
    const size_t line_end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, line_end);
    text.remove_prefix(std::min(line_end + 2, text.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (equal_ignoring_case(name, "content-length")) {
      size_t length = 0;
      const auto [at, bad] = std::from_chars(value.data(), value.data() + value.size(), length);
      if (bad != std::errc() || at != value.data() + value.size() || length > kBodyBytesMax) return std::nullopt;
      head.length = length;
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
      head.chunked = equal_ignoring_case(value, "chunked");
    } else if (equal_ignoring_case(name, "connection")) {
      head.closes = equal_ignoring_case(value, "close");
    }
  }
  return head;
}

// RFC 9112, section 7.1: the size of a whole chunked body, 0 where more is to come; none: it is malformed.
std::optional<size_t> chunked_size(std::string_view body) {
  size_t at = 0;
  for (;;) {
    const size_t line_end = body.find("\r\n", at);
    if (line_end == std::string_view::npos) return body.size() - at > kHeadBytesMax ? std::nullopt : std::optional(0uz);
    size_t size = 0;
    const auto [end, error] = std::from_chars(body.data() + at, body.data() + line_end, size, 16);
    if (error != std::errc() || size > kBodyBytesMax) return std::nullopt;
    at = line_end + 2;
    if (size == 0) break;
    at += size + 2;
    if (at > body.size()) return 0;
  }
  // The trailers: lines up to an empty one.
  for (;;) {
    const size_t line_end = body.find("\r\n", at);
    if (line_end == std::string_view::npos) return 0;
    const bool last = line_end == at;
    at = line_end + 2;
    if (last) return at;
  }
}

// A problem document's detail (RFC 9457), or the body itself.
std::string detail_of(std::string_view body) {
  constexpr std::string_view kDetail = "\"detail\":\"";
  const size_t at = body.find(kDetail);
  if (at == std::string_view::npos) return one_line(body);
  std::string text;
  for (size_t i = at + kDetail.size(); i < body.size() && body[i] != '"'; ++i) {
    if (body[i] == '\\' && i + 1 < body.size()) ++i;  // quotes and backslashes; other escapes stand for themselves
    text += body[i];
  }
  return one_line(text);
}

}  // namespace

HttpSpeaker::HttpSpeaker(const Plan& plan)
    : body_(makes_body(plan) ? body_of(plan, false) : ""),
      refused_body_(makes_body(plan) ? body_of(plan, true) : ""),
      has_body_(makes_body(plan)),
      head_(head_of(plan, has_body_)) {}

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

std::expected<void, std::string> HttpSpeaker::hear(std::string_view bytes, std::vector<Answer>& answers,
                                                   std::string& /*out*/) {
  if (!waiting_.empty()) {
    waiting_ += bytes;
    bytes = waiting_;
  }
  while (!bytes.empty()) {
    const auto taken = take(bytes, answers);
    if (!taken) return std::unexpected(taken.error());
    if (*taken == 0) break;
    bytes.remove_prefix(*taken);
  }
  waiting_ = std::string(bytes);  // a copy first: `bytes` may lie in it
  return {};
}

std::expected<size_t, std::string> HttpSpeaker::take(std::string_view bytes, std::vector<Answer>& answers) {
  const auto malformed = [] { return std::unexpected(std::string("malformed HTTP answer")); };
  const size_t head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    if (bytes.size() > kHeadBytesMax) return malformed();
    return 0;
  }
  const auto head = parse_head(bytes.substr(0, head_end));
  if (!head || tickets_.empty()) return malformed();
  const size_t begin = head_end + 4;
  if (head->status < 200) return begin;  // an interim answer (RFC 9110, section 15.2)
  size_t size = 0;
  const bool bodiless = head->status == 204 || head->status == 304;
  if (head->chunked && !bodiless) {
    const auto body = chunked_size(bytes.substr(begin));
    if (!body) return malformed();
    if (*body == 0) return 0;
    size = *body;
  } else if (!bodiless) {
    if (!head->length) return std::unexpected(std::string("HTTP answer without a length"));
    size = *head->length;
  }
  if (bytes.size() < begin + size) return 0;
  closing_ = closing_ || head->closes;
  Answer& answer = answers.emplace_back();
  answer.ticket = tickets_.pop();
  if (head->status == 429) {
    answer.kind = Answer::Kind::kRefused;
  } else if (head->status >= 300) {
    answer.kind = Answer::Kind::kError;
    answer.error = fmt::format("HTTP {}", head->status);
    answer.detail = detail_of(bytes.substr(begin, size));
  }
  return begin + size;
}

}  // namespace rateguard::loadgen

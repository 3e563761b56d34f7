#include "server/http/limit_headers.h"

#include <algorithm>
#include <optional>

#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

std::string_view policy_name(const AnswerLine& line) {
  return line.rule.empty() ? kAdHocName : line.rule;
}

// A String of RFC 9651, section 3.3.3: printable ASCII, quotes and backslashes escaped. Other characters of a name
// become '?'.
void append_sf_string(std::string& out, std::string_view text) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), plain))
    return append_all(out, "\"", text, "\"");  // all rule names are plain
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c >= ' ' && c <= '~' ? c : '?';
  }
  out += '"';
}

// An Integer of RFC 9651, section 3.3.1, has at most 15 digits.
int64_t sf_integer(uint64_t units) {
  return static_cast<int64_t>(std::min<uint64_t>(units, 999'999'999'999'999));
}

bool has_window(const Limit& limit) {
  return limit.algorithm != Algorithm::kConcurrency;
}

// Seconds until there is more: after a refusal, when to retry; otherwise, when nothing is used any more. Empty: never.
std::optional<int64_t> seconds_until_more(const Decision& decision) {
  const Duration wait = decision.allowed() ? decision.reset_after : decision.retry_after;
  if (wait.is_never()) return std::nullopt;
  return wait.ceil_seconds();
}

void write_number(http::Responder& responder, std::string_view name, int64_t value) {
  char digits[kNumberBytesMax];
  const char* const end = write_piece(digits, value);
  responder.header(name, {digits, static_cast<size_t>(end - digits)});
}

// The items of a policy list, one for each enforced limit.
template <typename AppendItem>
void append_policies(std::string& out, const Answer& answer, AppendItem append_item) {
  for (const AnswerLine& line : answer.lines) {
    if (line.mode != Mode::kEnforce || line.limit == nullptr) continue;
    if (!out.empty()) out += ", ";
    append_item(out, line);
  }
}

void append_ietf_policy(std::string& out, const AnswerLine& line) {
  append_sf_string(out, policy_name(line));
  append_all(out, ";q=", sf_integer(line.decision.limit));
  if (has_window(*line.limit)) {
    append_all(out, ";w=", window_seconds(*line.limit));
  } else {
    append_all(out, ";qu=\"concurrent-requests\"");
  }
}

void write_ietf(http::Responder& responder, const Answer& answer, std::string& buffer) {
  buffer.clear();
  append_policies(buffer, answer, append_ietf_policy);
  if (!buffer.empty()) responder.header("RateLimit-Policy", buffer);
  if (answer.deciding == nullptr) return;
  buffer.clear();
  append_sf_string(buffer, policy_name(*answer.deciding));
  append_all(buffer, ";r=", sf_integer(answer.deciding->decision.remaining));
  if (const auto wait = seconds_until_more(answer.deciding->decision)) append_all(buffer, ";t=", *wait);
  responder.header("RateLimit", buffer);
}

void append_window_policy(std::string& out, const AnswerLine& line) {
  append_number(out, sf_integer(line.decision.limit));
  if (has_window(*line.limit)) append_all(out, ";w=", window_seconds(*line.limit));
}

void write_draft6(http::Responder& responder, const Answer& answer, std::string& buffer) {
  buffer.clear();
  append_policies(buffer, answer, append_window_policy);
  if (!buffer.empty()) responder.header("RateLimit-Policy", buffer);
  if (answer.deciding == nullptr) return;
  const Decision& decision = answer.deciding->decision;
  write_number(responder, "RateLimit-Limit", sf_integer(decision.limit));
  write_number(responder, "RateLimit-Remaining", sf_integer(decision.remaining));
  if (const auto wait = seconds_until_more(decision)) write_number(responder, "RateLimit-Reset", *wait);
}

// draft-ietf-httpapi-ratelimit-headers-07: a Dictionary, whose "limit", "remaining" and "reset" clients read.
void write_draft7(http::Responder& responder, const Answer& answer, std::string& buffer) {
  buffer.clear();
  append_policies(buffer, answer, append_window_policy);
  if (!buffer.empty()) responder.header("RateLimit-Policy", buffer);
  if (answer.deciding == nullptr) return;
  const Decision& decision = answer.deciding->decision;
  // If waiting does not help, the time until nothing is used any more: "reset" is required.
  const int64_t reset = seconds_until_more(decision).value_or(decision.reset_after.ceil_seconds());
  buffer.clear();
  append_all(buffer, "limit=", sf_integer(decision.limit), ", remaining=", sf_integer(decision.remaining),
             ", reset=", reset);
  responder.header("RateLimit", buffer);
}

// draft-polli-ratelimit-headers-03, with Envoy's and Limitador's names for its fields: the limit, then the policies.
void write_draft03(http::Responder& responder, const Answer& answer, std::string& buffer) {
  if (answer.deciding == nullptr) return;
  const Decision& decision = answer.deciding->decision;
  buffer.clear();
  append_number(buffer, sf_integer(decision.limit));
  append_policies(buffer, answer, append_window_policy);
  responder.header("X-RateLimit-Limit", buffer);
  write_number(responder, "X-RateLimit-Remaining", sf_integer(decision.remaining));
  if (const auto wait = seconds_until_more(decision)) write_number(responder, "X-RateLimit-Reset", *wait);
}

void write_legacy(http::Responder& responder, const Answer& answer) {
  if (answer.deciding == nullptr) return;
  const Decision& decision = answer.deciding->decision;
  write_number(responder, "X-RateLimit-Limit", decision.limit);
  write_number(responder, "X-RateLimit-Remaining", decision.remaining);
  if (const auto wait = seconds_until_more(decision)) write_number(responder, "X-RateLimit-Reset", *wait);
}

}  // namespace

int64_t window_seconds(const Limit& limit) {
  const bool bucket = limit.algorithm == Algorithm::kTokenBucket || limit.algorithm == Algorithm::kGcra ||
                      limit.algorithm == Algorithm::kLeakyBucket;
  int64_t us = limit.period().us;
  if (bucket && limit.capacity != limit.rate.units) {
    // Below 2^50 us: Limit's functions refuse longer fill times (kFillTimeMax).
    const auto fill = static_cast<unsigned __int128>(limit.capacity) * static_cast<uint64_t>(us);
    us = static_cast<int64_t>((fill + limit.rate.units - 1) / limit.rate.units);
  }
  return std::max<int64_t>(1, Duration{us}.ceil_seconds());
}

void write_limit_headers(http::Responder& responder, const Answer& answer, HeaderStyle style, std::string& buffer) {
  switch (style) {
    case HeaderStyle::kIetf:
      write_ietf(responder, answer, buffer);
      break;
    case HeaderStyle::kDraft7:
      write_draft7(responder, answer, buffer);
      break;
    case HeaderStyle::kDraft03:
      write_draft03(responder, answer, buffer);
      break;
    case HeaderStyle::kDraft6:
      write_draft6(responder, answer, buffer);
      break;
    case HeaderStyle::kLegacy:
      write_legacy(responder, answer);
      break;
    case HeaderStyle::kOff:
      break;
  }
  // A store that does not answer is probed every second.
  if (answer.undecided()) return responder.header("Retry-After", "1");
  if (answer.allowed || answer.deciding == nullptr) return;
  const Duration wait = answer.deciding->decision.retry_after;  // the longest value means never
  if (wait <= kRetryAfterMax) write_number(responder, "Retry-After", std::max<int64_t>(1, wait.ceil_seconds()));
  if (wait > kWorthWaiting) responder.header("X-Should-Retry", "false");
}

}  // namespace rateguard::http_api

#include "http/http1/response.h"

#include <fmt/format.h>
#include <time.h>

#include "base/check.h"
#include "http/http1/chars.h"

namespace rateguard::http {

std::string_view DateField::at(Instant now) {
  const int64_t second = now.us / 1'000'000;
  if (second != second_) {
    second_ = second;
    static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t seconds = second;
    tm utc{};
    gmtime_r(&seconds, &utc);
    fmt::format_to_n(text_.data(), kSize, "Date: {}, {:02} {} {:04} {:02}:{:02}:{:02} GMT\r\n",
                     kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday, kMonths[static_cast<size_t>(utc.tm_mon)],
                     utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  }
  return {text_.data(), kSize};
}

std::string_view reason_phrase(int code) {
  switch (code) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return {};
  }
}

void Http1Response::status(int code) {
  RG_DCHECK(stage_ == Stage::kStatus);
  RG_DCHECK(code >= 200 && code <= 599);
  code_ = code;
  stage_ = Stage::kFields;
  if (code == 200) return out_.append("HTTP/1.1 200 OK\r\n");
  const auto digit = [](int value) { return static_cast<char>('0' + value % 10); };
  const char line[] = {'H',         'T', 'T', 'P', '/', '1', '.', '1', ' ', digit(code / 100), digit(code / 10),
                       digit(code), ' '};
  out_.append({line, sizeof(line)});
  out_.append(reason_phrase(code));
  out_.append("\r\n");
}

void Http1Response::header(std::string_view name, std::string_view value) {
  RG_DCHECK(stage_ == Stage::kFields);
  RG_DCHECK(!name.empty() && all_chars(name, kTokenChar));
  const std::span<char> room = out_.room(name.size() + value.size() + 4);
  char* at = room.data();
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  *at++ = ':';
  *at++ = ' ';
  for (const char c : value) *at++ = is_char(c, kLineChar) ? c : ' ';
  *at++ = '\r';
  *at++ = '\n';
  out_.commit(name.size() + value.size() + 4);
}

void Http1Response::end_head() {
  out_.append(options_.date);
  if (options_.after == AfterResponse::kClose) out_.append("Connection: close\r\n");
  if (options_.after == AfterResponse::kKeepAnnounced) out_.append("Connection: keep-alive\r\n");
  out_.append("\r\n");
  stage_ = Stage::kDone;
}

void Http1Response::body(std::string_view content_type, std::string_view bytes) {
  RG_DCHECK(stage_ == Stage::kFields);
  const bool may_have_content = code_ != 204 && code_ != 304;  // RFC 9110, section 6.4.1
  if (may_have_content) {
    if (!content_type.empty()) header("Content-Type", content_type);
    const fmt::format_int length(bytes.size());
    out_.append("Content-Length: ");
    out_.append({length.data(), length.size()});
    out_.append("\r\n");
  }
  end_head();
  if (may_have_content && options_.content == Content::kSent) out_.append(bytes);
}

void Http1Response::finish() {
  if (stage_ == Stage::kStatus) status(500);
  if (stage_ == Stage::kFields) body({}, {});
}

}  // namespace rateguard::http

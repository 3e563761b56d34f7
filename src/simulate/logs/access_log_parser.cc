#include "simulate/logs/access_log_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "simulate/logs/byte_search.h"
#include "simulate/logs/quoted_text.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

// The longest that stands between the brackets: "17/May/2015:10:05:03.123456789 +0000", and some.
constexpr size_t kTimeCharsMax = 48;
constexpr size_t kAddressChars = 60;

// Where the method ends that a request begins with; 0 where it begins with none in capital letters.
size_t end_of_method(std::string_view request) {
  size_t end = 0;
  while (end < request.size() && request[end] >= 'A' && request[end] <= 'Z') ++end;
  return end < request.size() && request[end] == ' ' ? end : 0;
}

// Where the quote is behind the protocol that stands at `at` ("HTTP/1.1\""); 0: another request stands there.
size_t end_of_protocol(std::string_view line, size_t at) {
  constexpr std::string_view kProtocol = "HTTP/";
  constexpr size_t kVersionChars = 8;
  if (line.size() - at < kProtocol.size()) return 0;
  if (std::memcmp(line.data() + at, kProtocol.data(), kProtocol.size()) != 0) return 0;
  const size_t last = std::min(at + kProtocol.size() + kVersionChars, line.size());
  for (size_t i = at + kProtocol.size(); i < last; ++i) {
    if (line[i] == '"') return i;
    if (line[i] == ' ' || line[i] == '\\') return 0;
  }
  return 0;
}

// Takes a number, or "-", and the space that ends it; false where there is none, `rest` then being anywhere.
inline bool take_count(std::string_view& rest) {
  size_t end = 0;
  while (end < rest.size() && rest[end] >= '0' && rest[end] <= '9') ++end;
  if (end == 0 && rest.starts_with('-')) end = 1;
  if (end == 0 || (end < rest.size() && rest[end] != ' ')) return false;
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return true;
}

// The next word up to a space, which is taken too.
std::string_view take_word(std::string_view& rest) {
  const size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

// Words that a comma holds together: "203.0.113.9, 198.51.100.7".
std::string_view take_list(std::string_view& rest) {
  const std::string_view all = rest;
  while (take_word(rest).ends_with(',') && !rest.empty()) {
  }
  const size_t taken = all.size() - rest.size();
  return rest.empty() ? all : all.substr(0, taken - 1);
}

// Whether the next word is an address, or begins a list of them.
bool begins_with_address(std::string_view text) {
  return parse_client(text.substr(0, text.find_first_of(" ,"))).has_value();
}

// Where the time stands, from its bracket to behind the request's opening quote.
struct TimePlace {
  size_t bracket = 0;
  size_t request = 0;
  Instant time = {};
};

// The last " [" that a time and `] "` follow: a client may claim a user name with brackets in it, but no quote that
// servers would not escape.
std::optional<TimePlace> find_time(std::string_view line) {
  std::optional<TimePlace> found;
  for (size_t at = line.find('['); at != std::string_view::npos; at = line.find('[', at + 1)) {
    if (at == 0 || line[at - 1] != ' ') continue;
    const size_t close = line.substr(at, kTimeCharsMax).find(']');
    if (close == std::string_view::npos || !line.substr(at + close).starts_with("] \"")) continue;
    const auto time = parse_timestamp(line.substr(at + 1, close - 1));
    if (time) found = {.bracket = at, .request = at + close + 3, .time = *time};
  }
  return found;
}

std::string why_no_time(std::string_view line) {
  const size_t bracket = line.find(" [");
  if (bracket == std::string_view::npos) return "no time in brackets, as in [17/May/2015:10:05:03 +0000]";
  const std::string_view after = line.substr(bracket + 2);
  const size_t close = after.substr(0, kTimeCharsMax).find(']');
  if (close == std::string_view::npos || !parse_timestamp(after.substr(0, close))) {
    return "the time in brackets is not like 17/May/2015:10:05:03 +0000";
  }
  return "no request in quotes after the time";
}

Parsed address_in_the_way(std::string_view word) {
  return malformed(
      fmt::format("expected HOST IDENT USER before the time, and found the address {}; --log-format says how "
                  "the line is laid out",
                  printable(word, kAddressChars)));
}

}  // namespace

AccessLogParser::AccessLogParser(const WantedHeaders& wanted)
    : wants_referer_(wanted.contains("referer")),
      wants_agent_(wanted.contains("user-agent")),
      wants_forwarded_(wanted.contains("x-forwarded-for")) {}

Parsed AccessLogParser::parse(std::string_view line, LogEntry& out) {
  out = {};
  headers_.clear();
  std::string_view rest = line;
  if (noting() || !take_usual_front(rest, out)) {
    if (auto taken = take_front(rest, out); !taken) return taken;
  }
  if (noting() || !take_usual_request(rest, out)) {
    if (auto taken = take_request(rest, out); !taken) return taken;
  }
  if (!rest.starts_with(' ')) return malformed("no status after the request");
  rest.remove_prefix(1);
  const std::string_view counts = rest;
  if (!take_count(rest)) return malformed("the status after the request is not a number");
  if (!take_count(rest)) return malformed("the size after the status is not a number");
  note("status and size", counts.substr(0, counts.size() - rest.size()), "");
  if (wants_referer_ || wants_agent_ || wants_forwarded_ || noting()) read_trailer(rest);
  out.headers = headers_;
  return {};
}

// "CLIENT - - [TIME] "", which nearly every line begins with, or "HOST CLIENT - - [TIME] "".
bool AccessLogParser::take_usual_front(std::string_view& rest, LogEntry& out) {
  const size_t space = find_first<' ', ','>(rest, 0);
  if (space >= rest.size() || rest[space] != ' ') return false;
  if (take_identities_and_time(rest, space, out)) return true;
  const std::string_view host = rest.substr(0, space);
  std::string_view after = rest.substr(space + 1);
  const size_t client_end = find_first<' ', ','>(after, 0);
  if (!parse_client(after.substr(0, client_end)) || !is_known_host(host)) return false;
  if (!take_identities_and_time(after, client_end, out)) return false;
  out.host = value_or_none(host);
  rest = after;
  return true;
}

// Whether what stands before a client is no address and so a host, as it is on most lines of a log or on none.
bool AccessLogParser::is_known_host(std::string_view word) {
  if (word == host_) return true;
  if (parse_client(word)) return false;
  host_ = word;
  return true;
}

// " - - [TIME] "" behind a client that ends at `space`; then `rest` moves beyond it.
bool AccessLogParser::take_identities_and_time(std::string_view& rest, size_t space, LogEntry& out) {
  constexpr std::string_view kBefore = "- - [";
  constexpr std::string_view kBehind = "] \"";
  constexpr size_t kTimeEnd = kBefore.size() + AccessTimeParser::kLength;
  if (rest.size() - space <= kTimeEnd + kBehind.size() || rest[space] != ' ') return false;
  const std::string_view after(rest.data() + space + 1, rest.size() - space - 1);
  if (std::memcmp(after.data(), kBefore.data(), kBefore.size()) != 0) return false;
  if (std::memcmp(after.data() + kTimeEnd, kBehind.data(), kBehind.size()) != 0) return false;
  const auto time = time_.parse(std::string_view(after.data() + kBefore.size(), AccessTimeParser::kLength));
  if (!time || !in_range(*time)) return false;
  out.time = *time;
  out.client = value_or_none(std::string_view(rest.data(), space));
  rest.remove_prefix(space + 1 + kTimeEnd + kBehind.size());
  return true;
}

Parsed AccessLogParser::take_front(std::string_view& rest, LogEntry& out) {
  const auto place = find_time(rest);
  if (!place) return malformed(why_no_time(rest));
  if (!in_range(place->time)) return malformed("the time is before 1970 or after 2041");
  out.time = place->time;
  note("the time in brackets", rest.substr(place->bracket + 1, place->request - place->bracket - 4), "time");
  const std::string_view front = rest.substr(0, place->bracket - 1);
  rest.remove_prefix(place->request);
  return take_identities(front, out);
}

// METHOD /TARGET HTTP/1.1", which nearly every request is, in one pass. False: any other.
bool AccessLogParser::take_usual_request(std::string_view& rest, LogEntry& out) {
  const size_t method_end = end_of_method(rest);
  const size_t path = method_end + 1;
  if (method_end == 0 || path >= rest.size() || rest[path] != '/') return false;
  const size_t path_end = find_first<' ', '?', '"', '\\'>(rest, path);
  const bool has_query = path_end < rest.size() && rest[path_end] == '?';
  const size_t target_end = has_query ? find_first<' ', '"', '\\'>(rest, path_end) : path_end;
  if (target_end >= rest.size() || rest[target_end] != ' ') return false;
  const size_t quote = end_of_protocol(rest, target_end + 1);
  if (quote == 0) return false;
  out.method = std::string_view(rest.data(), method_end);
  out.path = std::string_view(rest.data() + path, path_end - path);
  rest.remove_prefix(quote + 1);
  return true;
}

Parsed AccessLogParser::take_request(std::string_view& rest, LogEntry& out) {
  const auto request = take_quoted(rest);
  if (!request) return malformed("the request's closing quote is missing");
  note("the request in quotes", *request, "method, path");
  if (request->find('\\') == std::string_view::npos) {
    read_request_line(*request, out);
  } else {
    unescape(*request, unescaped_request_);
    read_request_line(unescaped_request_, out);
  }
  return {};
}

// The fields before the time.
Parsed AccessLogParser::take_identities(std::string_view front, LogEntry& out) {
  std::string_view rest = front;
  std::string_view first = rest;
  // A comma after the first word makes it the begin of X-Forwarded-For ("unknown, 203.0.113.5"), and no host.
  const bool in_list = take_word(first).ends_with(',');
  const bool prefixed = !in_list && !begins_with_address(rest) && begins_with_address(first);
  if (prefixed) {
    const std::string_view host = take_word(rest);
    note("the word before the client", host, "host");
    out.host = value_or_none(host);
  }
  const std::string_view client = take_list(rest);
  note(prefixed ? "the second word" : "the first word", client, "ip");
  set_client(client, out);
  if (rest.empty()) return malformed("expected HOST IDENT USER before the time in brackets");
  const std::string_view ident = take_word(rest);  // of RFC 1413, which is not used
  if (rest.empty() && !front.ends_with(' ')) return malformed("expected HOST IDENT USER before the time in brackets");
  if (parse_client(ident)) return address_in_the_way(ident);
  return take_user(rest, out);
}

// `user` may hold spaces and brackets: it is what a client claims.
Parsed AccessLogParser::take_user(std::string_view user, LogEntry& out) {
  if (user.starts_with('[') && begins_with_address(user.substr(1, user.find(']') - 1))) {
    const size_t close = user.find("] - ");  // ingress-nginx: CLIENT - [CLIENT] - USER
    if (close != std::string_view::npos) user.remove_prefix(close + 4);
  }
  // Where the line begins with a name that is no address, an address among the words after it is the real client: the
  // name was put before the line by something that carries logs.
  if (!out.client.empty() && !parse_client(out.client)) {
    for (std::string_view words = user; words.find(' ') != std::string_view::npos;) {
      const std::string_view word = take_word(words);
      if (parse_client(word)) return address_in_the_way(word);
    }
  }
  note("what stands before the time", user, "user");
  if (user.find_first_not_of("- ") == std::string_view::npos) return {};
  out.user = value_or_none(user);
  if (out.user.find('\\') != std::string_view::npos) {
    unescape(out.user, unescaped_user_);
    out.user = unescaped_user_;
  }
  return {};
}

void AccessLogParser::set_client(std::string_view text, LogEntry& out) {
  const ClientList list = split_client_list(text);
  out.client = value_or_none(list.last);
  if (wants_forwarded_ && !list.before.empty()) headers_.push_back({.name = "X-Forwarded-For", .value = list.before});
}

// The quoted fields after the size: Referer, User-Agent and, where it is addresses, X-Forwarded-For. Numbers may stand
// before them, such as the time that the request took.
void AccessLogParser::read_trailer(std::string_view rest) {
  const size_t quote = rest.find('"');
  if (quote == std::string_view::npos) return;
  if (quote > 0) note("after the size", rest.substr(0, quote), "");
  rest.remove_prefix(quote + 1);
  const auto referer = take_quoted(rest);
  if (!referer) return;
  note("the first quoted field", *referer, wants_referer_ ? "header Referer" : "");
  if (wants_referer_) keep_header("Referer", *referer);
  if (!rest.starts_with(" \"")) return;
  rest.remove_prefix(2);
  const auto agent = take_quoted(rest);
  if (!agent) return;
  note("the second quoted field", *agent, wants_agent_ ? "header User-Agent" : "");
  if (wants_agent_) keep_header("User-Agent", *agent);
  if (wants_forwarded_ && headers_.size() < unescaped_headers_.size() && rest.starts_with(" \"")) {
    std::string_view after = rest.substr(2);
    const auto forwarded = take_quoted(after);
    if (forwarded && begins_with_address(*forwarded)) {
      note("the third quoted field", *forwarded, "header X-Forwarded-For");
      keep_header("X-Forwarded-For", *forwarded);
      rest = after;
    }
  }
  if (!rest.empty()) note("after the quoted fields", rest, "");
}

void AccessLogParser::keep_header(std::string_view name, std::string_view value) {
  if (is_none(value)) return;
  if (value.find('\\') != std::string_view::npos) {
    std::string& unescaped = unescaped_headers_[headers_.size()];
    unescape(value, unescaped);
    value = unescaped;
  }
  headers_.push_back({.name = name, .value = value});
}

bool has_trailer(std::string_view line) {
  return std::ranges::count(line, '"') >= 6;
}

}  // namespace rateguard::simulate

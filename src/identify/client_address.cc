// The walk over the proxies that a request came through: X-Forwarded-For and Forwarded (RFC 7239), from the right.
#include <algorithm>
#include <array>

#include "identify/identify.h"
#include "model/ascii.h"

namespace rateguard::identify {
namespace {

// The most hops that are examined. Real chains are no longer than a handful of proxies; the bound is against headers
// made to be slow.
constexpr int kHopsMax = 64;
// Bytes of one X-Forwarded-For element that are examined: an address with brackets and a port has at most 53, plus
// white space.
constexpr size_t kElementBytesMax = 128;
// Bytes of one Forwarded field: kHopsMax elements of ordinary length (for, by, host and proto).
constexpr size_t kForwardedBytesMax = 8192;

// The position of a walk: at a trusted proxy's address, which made or passed on every claim to its left.
class Walk {
 public:
  Walk(const IpAddress& peer, std::span<const IpPrefix> trusted) : at_(peer), trusted_(trusted) {}

  bool done() const { return done_; }
  const IpAddress& address() const { return at_; }

  // Takes the next element to the left; none if it is not an address, so that nothing further left can be believed.
  void step(const std::optional<IpAddress>& hop) {
    if (!hop || ++hops_ > kHopsMax) {
      done_ = true;
      return;
    }
    at_ = *hop;
    done_ = !std::ranges::any_of(trusted_, [&](const IpPrefix& prefix) { return prefix.contains(at_); });
  }
  // Counts an empty list element, which names no hop (RFC 9110, section 5.6.1.2).
  void skip() { done_ = done_ || ++hops_ > kHopsMax; }

 private:
  IpAddress at_;
  std::span<const IpPrefix> trusted_;
  int hops_ = 0;
  bool done_ = false;
};

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// RFC 7239, section 6: an obfuscated port begins with an underscore.
bool is_obfuscated(std::string_view text) {
  return text.size() > 1 && text.front() == '_' && std::ranges::all_of(text.substr(1), [](char c) {
           return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '.' || c == '_' ||
                  c == '-';
         });
}

// "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:80". Everything else, such as "unknown" and "_hidden",
// is not an address.
std::optional<IpAddress> parse_node(std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host = text.substr(1, close - 1);
    if (host.find(':') == std::string_view::npos) return std::nullopt;  // brackets are for IPv6
    port = text.substr(close + 1);
  } else {
    const size_t colon = text.find(':');
    if (colon != std::string_view::npos) {
      host = text.substr(0, colon);
      port = text.substr(colon);
    }
  }
  if (!port.empty() && !(port[0] == ':' && (is_port(port.substr(1)) || is_obfuscated(port.substr(1)))))
    return std::nullopt;
  return IpAddress::parse(host);
}

// The same, and IPv6 without brackets: X-Forwarded-For has no rule for it, and proxies write it into Forwarded as well.
// Something at its end that may be a port is read as part of the address.
std::optional<IpAddress> parse_loose_node(std::string_view text) {
  const bool bare_v6 = !text.starts_with('[') && std::ranges::count(text, ':') > 1;
  return bare_v6 ? IpAddress::parse(text) : parse_node(text);
}

void walk_x_forwarded_for(std::string_view field, Walk& walk) {
  while (!walk.done()) {
    // Only as far as an element can reach: a longer one cannot be an address.
    const size_t window = std::min(field.size(), kElementBytesMax);
    const size_t comma = field.substr(field.size() - window).rfind(',');
    const bool whole = comma == std::string_view::npos;
    if (whole && window < field.size()) return walk.step(std::nullopt);
    const std::string_view element = trim(whole ? field : field.substr(field.size() - window + comma + 1));
    if (element.empty()) {
      walk.skip();
    } else {
      walk.step(parse_loose_node(element));
    }
    if (whole) return;
    field = field.substr(0, field.size() - window + comma);
  }
}

// The end of the element or pair that begins at `from`: at `separator`, a comma, or the end; none inside a quoted
// string that does not close.
std::optional<size_t> find_end(std::string_view text, size_t from, char separator) {
  bool quoted = false;
  for (size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == separator) {
      return at;
    }
  }
  if (quoted) return std::nullopt;
  return text.size();
}

// The value of a forwarded-pair: a token, or a quoted string without escapes, which no address needs. The brackets and
// colons of an address are also taken without their quotes, as some proxies write them.
std::optional<std::string_view> parse_value(std::string_view text) {
  if (text.starts_with('"')) {
    if (text.size() < 2 || text.back() != '"') return std::nullopt;
    const std::string_view inner = text.substr(1, text.size() - 2);
    if (inner.find_first_of("\"\\") != std::string_view::npos) return std::nullopt;
    return inner;
  }
  const bool plain =
      std::ranges::all_of(text, [](char c) { return is_token_char(c) || c == '[' || c == ']' || c == ':'; });
  if (text.empty() || !plain) return std::nullopt;
  return text;
}

// Reads the pairs of one element of Forwarded; its address if it is well formed and has one "for" with an address.
std::optional<IpAddress> parse_forwarded(std::string_view element) {
  std::optional<std::string_view> node;
  for (size_t at = 0; at <= element.size();) {
    const auto end = find_end(element, at, ';');
    if (!end) return std::nullopt;
    const std::string_view pair = trim(element.substr(at, *end - at));
    at = *end + 1;
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || !is_token(pair.substr(0, equals))) return std::nullopt;
    const std::string_view raw = pair.substr(equals + 1);
    if (equal_ignoring_case(pair.substr(0, equals), "for")) {
      if (node) return std::nullopt;  // RFC 7239, section 4: each parameter at most once
      node = parse_value(raw);
      if (!node) return std::nullopt;
    } else if (!raw.starts_with('"') && !parse_value(raw)) {
      return std::nullopt;
    }
  }
  return node ? parse_loose_node(*node) : std::nullopt;
}

// Elements are found from the left, the only way to know which commas are quoted; a ring keeps the last ones.
void walk_forwarded(std::string_view field, Walk& walk) {
  if (field.size() > kForwardedBytesMax) return walk.step(std::nullopt);
  std::array<std::string_view, kHopsMax> last;
  size_t count = 0;
  for (size_t at = 0; at <= field.size();) {
    // An unclosed quoted string invalidates the rest of its field, no matter who wrote that: nothing to the left of it
    // counts.
    const auto end = find_end(field, at, ',');
    if (!end) return walk.step(std::nullopt);
    const std::string_view element = trim(field.substr(at, *end - at));
    if (!element.empty()) last[count++ % kHopsMax] = element;
    at = *end + 1;
  }
  const size_t kept = std::min(count, last.size());
  for (size_t i = 0; i < kept && !walk.done(); ++i) walk.step(parse_forwarded(last[(count - 1 - i) % kHopsMax]));
  if (count > kept && !walk.done()) walk.step(std::nullopt);
}

using WalkField = void (*)(std::string_view field, Walk& walk);

// Walks all fields of that name, the last one first: together they are one list (RFC 9110, section 5.3). None if there
// is no such field or the list is empty.
std::optional<IpAddress> walk_fields(const RequestFacts& facts, std::string_view name, Walk walk,
                                     WalkField walk_field) {
  bool present = false;
  for (size_t i = facts.headers.size(); i-- > 0 && !walk.done();) {
    if (!equal_ignoring_case(facts.headers[i].name, name)) continue;
    present |= facts.headers[i].value.find_first_not_of(", \t") != std::string_view::npos;
    walk_field(facts.headers[i].value, walk);
  }
  if (!present) return std::nullopt;
  return walk.address();
}

}  // namespace

std::optional<IpAddress> client_address(const RequestFacts& facts, std::span<const IpPrefix> trusted_proxies) {
  if (!facts.peer) return std::nullopt;
  const bool trusted =
      std::ranges::any_of(trusted_proxies, [&](const IpPrefix& prefix) { return prefix.contains(*facts.peer); });
  if (!trusted) return facts.peer;

  const Walk start(*facts.peer, trusted_proxies);
  const auto by_list = walk_fields(facts, "x-forwarded-for", start, walk_x_forwarded_for);
  const auto by_standard = walk_fields(facts, "forwarded", start, walk_forwarded);
  if (by_list && by_standard && *by_list != *by_standard)
    return facts.peer;  // one of the two was not written by our proxies
  if (by_standard) return by_standard;
  return by_list ? by_list : facts.peer;
}

}  // namespace rateguard::identify

#include "redis/url/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "model/ip_address.h"
#include "model/percent.h"

namespace rateguard::redis {
namespace {

constexpr uint16_t kDefaultPort = 6379;
// RFC 1035, section 2.3.4.
constexpr size_t kHostBytesMax = 255;
// The size of sun_path without its NUL (unix(7)).
constexpr size_t kPathBytesMax = 107;
// Redis keeps the number of databases in an int; real servers have 16, few more than 10,000.
constexpr uint32_t kDatabaseMax = 0x7fff'ffff;

std::unexpected<Error> bad(std::string_view what) {
  return invalid(
      fmt::format("not a Redis URL: {}; expected redis://[[user]:password@]host[:port][/database], rediss://... for "
                  "TLS, or unix:///path[?db=database]",
                  what));
}

// Digits only: no sign, no space.
template <typename Number>
std::optional<Number> parse_number(std::string_view text, Number max) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

bool is_host(std::string_view host) {
  // Text of digits and dots is meant as an IPv4 address, and has to be a valid one.
  if (host.find_first_not_of("0123456789.") == std::string_view::npos) return IpAddress::parse(host).has_value();
  return host.size() <= kHostBytesMax && host.front() != '-' && host.front() != '.' &&
         std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_';
         });
}

Result<void> parse_login(std::string_view text, Url& url) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return bad("before '@' stands user:password, or :password");
  const auto user = percent_decode(text.substr(0, colon));
  const auto password = percent_decode(text.substr(colon + 1));
  if (!user || !password) return bad("in user and password '%' is followed by two hexadecimal digits");
  if (password->empty()) return bad("the password is empty");
  url.user = *user;
  url.password = *password;
  return {};
}

Result<void> parse_database(std::string_view text, Url& url) {
  const auto database = parse_number<uint32_t>(text, kDatabaseMax);
  if (!database) return bad("the database is a whole number");
  url.database = *database;
  return {};
}

// host[:port][/database]
Result<void> parse_network(std::string_view text, Url& url) {
  if (text.find_first_of("?#") != std::string_view::npos) return bad("'?' and '#' have no meaning here");
  const size_t slash = text.find('/');
  std::string_view place = text.substr(0, slash);
  const std::string_view database = slash == std::string_view::npos ? "" : text.substr(slash + 1);
  if (place.starts_with('[')) {
    const size_t end = place.find(']');
    if (end == std::string_view::npos) return bad("'[' without ']'");
    url.host = place.substr(1, end - 1);
    if (!url.host.contains(':') || !IpAddress::parse(url.host)) return bad("in brackets stands an IPv6 address");
    place.remove_prefix(end + 1);
  } else {
    url.host = place.substr(0, place.find(':'));
    if (url.host.empty()) return bad("the host is missing");
    if (!is_host(url.host)) return bad("the host is neither a name nor an address");
    place.remove_prefix(url.host.size());
  }
  url.port = kDefaultPort;
  if (!place.empty()) {
    const auto port = place.front() == ':' ? parse_number<uint16_t>(place.substr(1), UINT16_MAX) : std::nullopt;
    if (!port || *port == 0) return bad("the port is a number from 1 to 65535");
    url.port = *port;
  }
  return database.empty() ? Result<void>() : parse_database(database, url);
}

// /path[?db=database]
Result<void> parse_socket(std::string_view text, Url& url) {
  const size_t question = text.find('?');
  const auto path = percent_decode(text.substr(0, question));
  if (!path) return bad("in a path '%' is followed by two hexadecimal digits");
  if (!path->starts_with('/') || path->ends_with('/')) return bad("the path of a Unix socket is absolute");
  if (path->size() > kPathBytesMax) return bad(fmt::format("a socket's path has at most {} bytes", kPathBytesMax));
  if (path->contains('\0')) return bad("a path contains no NUL");
  url.path = *path;
  if (question == std::string_view::npos) return {};
  const std::string_view query = text.substr(question + 1);
  if (!query.starts_with("db=")) return bad("after '?' only db=NUMBER is known");
  return parse_database(query.substr(3), url);
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  const bool has_control = std::ranges::any_of(text, [](char c) { return c > '\0' && c <= ' '; });
  if (has_control || text.contains('\0')) return bad("it contains white space or control characters");
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) return bad("the scheme is missing");
  const std::string_view scheme = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 3);
  if (scheme != "redis" && scheme != "rediss" && scheme != "unix") return bad("the scheme is unknown");
  Url url;
  url.security = scheme == "rediss" ? Security::kTls : Security::kPlain;
  // The last '@': in practice passwords contain an '@' that was not encoded.
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    if (auto login = parse_login(rest.substr(0, at), url); !login) return std::unexpected(login.error());
    rest.remove_prefix(at + 1);
  }
  const auto parsed = scheme == "unix" ? parse_socket(rest, url) : parse_network(rest, url);
  if (!parsed) return std::unexpected(parsed.error());
  return url;
}

std::string Url::to_string() const {
  if (!path.empty()) return database == 0 ? "unix://" + path : fmt::format("unix://{}?db={}", path, database);
  const std::string_view scheme = security == Security::kTls ? "rediss" : "redis";
  const std::string where = host.contains(':') ? fmt::format("[{}]", host) : host;
  const std::string suffix = database == 0 ? "" : fmt::format("/{}", database);
  return fmt::format("{}://{}:{}{}", scheme, where, port, suffix);
}

}  // namespace rateguard::redis

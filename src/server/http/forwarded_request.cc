#include "server/http/forwarded_request.h"

#include <algorithm>
#include <expected>
#include <string>

#include "model/ascii.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

// The most of a wrong value that is shown.
constexpr size_t kShownBytesMax = 64;

Problem bad_field(std::string_view name, std::string detail) {
  return {.status = 400, .detail = std::string(name) + " " + std::move(detail), .field = std::string(name)};
}

// The value of the one field of that name; empty if it is missing or empty. Two fields are a contradiction even if one
// is empty: a proxy that adds its field to the client's lets the client choose.
std::expected<std::string_view, Problem> only_field(std::span<const Header> headers, std::string_view name) {
  std::string_view value;
  int count = 0;
  for (const Header& header : headers) {
    if (!equal_ignoring_case(header.name, name)) continue;
    value = header.value;
    ++count;
  }
  if (count <= 1) return value;
  return std::unexpected(
      bad_field(name, "is here " + std::to_string(count) +
                          " times, and one of them may be the client's own; have the proxy set it, not add to it"));
}

// URIs and host names contain no white space or control characters (RFC 3986, appendix A), but two joined fields of one
// name have a comma and a space between their values.
bool has_space(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c >= '\0' && c <= ' ') || c == '\x7f'; });
}

// "https://example.com/a?b" as ingress-nginx sends it in X-Original-URL: the part after the host.
std::string_view origin_form(std::string_view uri) {
  const size_t scheme = uri.find("://");
  if (uri.starts_with('/') || scheme == std::string_view::npos) return uri;
  const size_t path = uri.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : uri.substr(path);
}

std::optional<Problem> read_path(std::span<const Header> headers, std::string_view name, std::string_view& path) {
  const auto uri = only_field(headers, name);
  if (!uri) return uri.error();
  if (uri->empty()) return std::nullopt;
  if (has_space(*uri)) {
    return bad_field(
        name, "is '" + clipped(*uri, kShownBytesMax) + "', which is not one URI; have the proxy set it, not add to it");
  }
  path = *uri;
  return std::nullopt;
}

std::optional<Problem> read_method(std::span<const Header> headers, std::string_view name, std::string_view& method) {
  const auto value = only_field(headers, name);
  if (!value) return value.error();
  if (value->empty()) {
    return bad_field(name,
                     "is missing, and rules that name methods would not apply; have the proxy set it to the method of "
                     "the request that it holds");
  }
  if (!is_token(*value)) {  // RFC 9110, section 9.1; a list is not a token
    return bad_field(name, "is '" + clipped(*value, kShownBytesMax) +
                               "', which is not one method; have the proxy set it, not add to it");
  }
  method = *value;
  return std::nullopt;
}

bool names_hosts(const rules::Rule& rule) {
  return !rule.match.hosts.empty();
}

std::optional<Problem> read_host(std::span<const Header> headers, std::span<const rules::Rule> rules,
                                 std::string_view& host) {
  constexpr std::string_view kName = "X-Forwarded-Host";
  const auto value = only_field(headers, kName);
  if (!value) return value.error();
  if (has_space(*value) || value->contains(',')) {
    return bad_field(kName, "is '" + clipped(*value, kShownBytesMax) +
                                "', which is not one host; have the proxy next to RateGuard set it, not add to it");
  }
  host = *value;
  if (!host.empty()) return std::nullopt;
  // From a proxy of this family Host is usually RateGuard's own name.
  const auto rule = std::ranges::find_if(rules, names_hosts);
  if (rule != rules.end()) {
    return bad_field(kName, "is missing, and rules that name hosts (such as '" + rule->name +
                                "') would not apply; have the proxy set it to the host that the client asked for");
  }
  host = find_header(headers, "Host");
  return std::nullopt;
}

// X-Original-URI or X-Original-URL. If both are present they have to agree: a proxy sets one of them.
std::optional<Problem> read_original_path(std::span<const Header> headers, std::string_view& path) {
  std::string_view url;
  if (auto problem = read_path(headers, "X-Original-URI", path)) return problem;
  if (auto problem = read_path(headers, "X-Original-URL", url)) return problem;
  path = origin_form(path);
  url = origin_form(url);
  if (path.empty()) path = url;
  if (url.empty() || url == path) return std::nullopt;
  return bad_field("X-Original-URI",
                   "and X-Original-URL name different paths, and one of them may be the client's own; have the proxy "
                   "remove the one that it does not set");
}

}  // namespace

std::optional<Problem> read_forwarded_request(std::span<const Header> headers, std::span<const rules::Rule> rules,
                                              RequestFacts& facts) {
  std::string_view forwarded;
  std::string_view original;
  if (auto problem = read_path(headers, "X-Forwarded-Uri", forwarded)) return problem;
  if (auto problem = read_original_path(headers, original)) return problem;
  if (!forwarded.empty() && !original.empty()) {
    return bad_field("X-Forwarded-Uri",
                     "and X-Original-URI are both here, and one of them may be the client's own; have the proxy remove "
                     "the one that it does not set");
  }
  if (forwarded.empty() && original.empty()) {
    return Problem{.status = 400,
                   .detail = "neither X-Forwarded-Uri nor X-Original-URI says which request is meant",
                   .field = "X-Forwarded-Uri"};
  }
  if (original.empty()) {
    facts.path = forwarded;
    if (auto problem = read_host(headers, rules, facts.host)) return problem;
    return read_method(headers, "X-Forwarded-Method", facts.method);
  }
  facts.path = original;
  facts.host = find_header(headers, "Host");
  return read_method(headers, "X-Original-Method", facts.method);
}

}  // namespace rateguard::http_api

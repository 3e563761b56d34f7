#include "http/relay/forwarding.h"

#include <algorithm>
#include <string_view>

#include "http/chars.h"

namespace rateguard::http {
namespace {

constexpr std::string_view kOfTheConnection[] = {"connection", "keep-alive",        "proxy-connection", "expect",
                                                 "upgrade",    "transfer-encoding", "http2-settings"};
constexpr std::string_view kNeverNamedAway[] = {
    "host",   "content-length", "content-type",    "authorization",    "proxy-authorization",
    "cookie", "forwarded",      "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    "te"};

bool is_one_of(std::string_view name, std::span<const std::string_view> lower_names) {
  return std::ranges::any_of(lower_names, [&](std::string_view one) { return equals_lower(name, one); });
}

bool equals_in_any_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower_ascii, lower_ascii);
}

std::string_view without_space(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool names(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (equals_in_any_case(without_space(list.substr(0, comma)), name)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

void forwardable(std::span<const Header> from, std::vector<Header>& to) {
  const auto is_named_away = [&](std::string_view name) {
    return !is_one_of(name, kNeverNamedAway) && std::ranges::any_of(from, [&](const Header& field) {
      return equals_lower(field.name, "connection") && names(field.value, name);
    });
  };
  for (const Header& field : from) {
    if (!is_one_of(field.name, kOfTheConnection) && !is_named_away(field.name)) to.push_back(field);
  }
}

}  // namespace rateguard::http

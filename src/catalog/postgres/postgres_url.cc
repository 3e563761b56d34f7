#include "catalog/postgres/postgres_url.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "model/percent.h"

namespace rateguard::catalog {
namespace {

constexpr std::array<std::string_view, 2> kSchemes = {"postgres://", "postgresql://"};

// What a URL consists of; parts of it are borrowed.
struct UrlParts {
  std::string_view user_info;  // "user:password"
  std::string_view place;      // "host:5432/database"
  std::string_view parameters;
};

UrlParts parts_of(std::string_view url) {
  for (const std::string_view scheme : kSchemes) {
    if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
  }
  UrlParts parts;
  // A password may have any character that is not encoded, by mistake: the last '@' before the path ends it.
  const size_t question = url.find('?');
  if (question != std::string_view::npos) parts.parameters = url.substr(question + 1);
  url = url.substr(0, question);
  const size_t at = url.rfind('@');
  if (at != std::string_view::npos) {
    parts.user_info = url.substr(0, at);
    url.remove_prefix(at + 1);
  }
  parts.place = url;
  return parts;
}

bool has_parameter(std::string_view parameters, std::string_view name) {
  while (!parameters.empty()) {
    const std::string_view one = parameters.substr(0, parameters.find('&'));
    if (one.starts_with(name) && one.substr(name.size()).starts_with('=')) return true;
    parameters.remove_prefix(std::min(parameters.size(), one.size() + 1));
  }
  return false;
}

void replace_all(std::string& text, const std::string& what) {
  if (what.empty()) return;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), "***");
    at += 3;
  }
}

}  // namespace

bool is_postgres_url(std::string_view url) {
  return std::ranges::any_of(kSchemes, [&](std::string_view scheme) { return url.starts_with(scheme); });
}

std::string postgres_name(std::string_view url) {
  return "postgres://" + std::string(parts_of(url).place);
}

std::string postgres_url_with_defaults(std::string_view url) {
  // Seconds to connect; milliseconds until sent data must be acknowledged; seconds of silence until the server is asked
  // whether it is there.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kDefaults = {
      {{"connect_timeout", "5"},
       {"tcp_user_timeout", "10000"},
       {"keepalives_idle", "10"},
       {"keepalives_interval", "5"},
       {"client_encoding", "UTF8"},
       {"application_name", "rateguard"}}};
  std::string whole(url);
  const std::string_view parameters = parts_of(url).parameters;
  bool has_any = url.find('?') != std::string_view::npos;
  for (const auto& [name, value] : kDefaults) {
    if (has_parameter(parameters, name)) continue;
    whole += has_any ? '&' : '?';
    has_any = true;
    whole += name;
    whole += '=';
    whole += value;
  }
  return whole;
}

std::string without_password(std::string message, std::string_view url) {
  const UrlParts parts = parts_of(url);
  std::vector<std::string> secrets;
  const size_t colon = parts.user_info.find(':');
  if (colon != std::string_view::npos) secrets.emplace_back(parts.user_info.substr(colon + 1));
  constexpr std::string_view kParameter = "password=";
  const size_t at = parts.parameters.find(kParameter);
  if (at != std::string_view::npos) {
    const std::string_view value = parts.parameters.substr(at + kParameter.size());
    secrets.emplace_back(value.substr(0, value.find('&')));
  }
  for (const std::string& secret : secrets) {
    replace_all(message, secret);
    replace_all(message, percent_decode(secret).value_or(""));
  }
  return message;
}

}  // namespace rateguard::catalog

#include "net/settings/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/ip_address.h"
#include "settings/field_kinds.h"
#include "text/number.h"
#include "text/quote.h"

namespace rateguard::net {
namespace {

// RFC 1035, section 2.3.4.
constexpr size_t kHostMax = 255;

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= kHostMax && host.front() != '-' && host.front() != '.' &&
         std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_';
         });
}

// A name of only digits and dots has to be an IPv4 address.
bool is_host(std::string_view host) {
  if (host.find_first_not_of("0123456789.") == std::string_view::npos) return IpAddress::parse(host).has_value();
  return is_host_name(host);
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto bad = [&] {
    return invalid(
        fmt::format("{} is not an address to listen on; expected HOST:PORT, such as 127.0.0.1:8080, [::1]:8080 "
                    "or localhost:0",
                    quote(text)));
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  const auto port = parse_whole(text.substr(colon + 1), {.min = 0, .max = UINT16_MAX});
  std::string_view host = text.substr(0, colon);
  if (!port) return bad();
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!host.contains(':') || !IpAddress::parse(host)) return bad();
  } else if (!is_host(host)) {
    return bad();
  }
  return Endpoint{.host = std::string(host), .port = static_cast<uint16_t>(*port)};
}

std::string Endpoint::to_string() const {
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace rateguard::net

namespace rateguard {
namespace {

using net::Endpoint;
using net::OptionalEndpoint;

Result<void> parse_endpoint(Endpoint& field, std::string_view text, const FieldBounds&) {
  return set_field(field, Endpoint::parse(text));
}
std::string print_endpoint(const Endpoint& field) {
  return field.to_string();
}

Result<void> parse_optional_endpoint(OptionalEndpoint& field, std::string_view text, const FieldBounds&) {
  if (text == "off") {
    field.reset();
    return {};
  }
  auto endpoint = Endpoint::parse(text);
  if (!endpoint) return invalid(endpoint.error().message + "; or off");
  field = *std::move(endpoint);
  return {};
}
std::string print_optional_endpoint(const OptionalEndpoint& field) {
  return field ? field->to_string() : "off";
}

}  // namespace

template <>
const FieldType& field_type<Endpoint>() {
  return kValueField<Endpoint, parse_endpoint, print_endpoint>;
}
template <>
const FieldType& field_type<OptionalEndpoint>() {
  return kValueField<OptionalEndpoint, parse_optional_endpoint, print_optional_endpoint>;
}

}  // namespace rateguard

// HOST:PORT, where something listens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "settings/field_type.h"

namespace rateguard::net {

struct Endpoint {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;  // 0: any free one

  // "127.0.0.1:8080", "[::1]:8080", "localhost:0". Errors: kInvalid, with what was expected.
  static Result<Endpoint> parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const Endpoint&) const = default;
};

// The address of a listener that may be off: nullopt.
using OptionalEndpoint = std::optional<Endpoint>;

}  // namespace rateguard::net

namespace rateguard {

template <>
const FieldType& field_type<net::Endpoint>();
template <>
const FieldType& field_type<net::OptionalEndpoint>();  // "off": nullopt

}  // namespace rateguard

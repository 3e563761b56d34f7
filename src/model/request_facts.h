// What is known about a request before it is decided. Everything is borrowed: the views live as long as the request
// does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/ip_address.h"
#include "model/known_caller.h"
#include "model/limit.h"

namespace rateguard {

// One header field. Names compare without case (RFC 9110, section 5.1).
struct Header {
  std::string_view name;
  std::string_view value;
};

struct RequestFacts {
  std::string_view method = {};  // "GET"; empty: unknown
  std::string_view path = {};    // with or without a query, percent-encoded as it came
  std::string_view host = {};
  std::optional<IpAddress> peer = {};  // the other end of the connection
  std::span<const Header> headers = {};
  // Supplied by a caller that knows them, such as POST /check; they take precedence over headers.
  std::string_view user = {};
  std::string_view api_key = {};
  std::string_view workspace = {};
  std::string_view plan = {};
  Cost cost = {};
  // Who the key of the catalog belongs to that the request shows: takes precedence over everything that the request
  // says about itself. Null: it shows none, or keys are not looked up.
  const KnownCaller* caller = nullptr;
  // The names of the rules that count, of those that match. Empty: all.
  std::span<const std::string_view> only_rules = {};
};

// The value of the first field of that name, compared without case; empty if there is none.
std::string_view find_header(std::span<const Header> headers, std::string_view name);

}  // namespace rateguard

// Who is calling: every identity that was found in a request. Rules say which of them they count by.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/ip_address.h"
#include "model/known_caller.h"

namespace rateguard {

struct Subject {
  std::optional<IpAddress> ip = {};       // the client's address, IPv6 already masked to the configured prefix
  std::optional<IpAddress> address = {};  // the full address; none if `ip` is it
  std::string_view api_key = {};          // empty: none. Of a known caller: the key's id
  std::string_view user = {};
  std::string_view workspace = {};
  std::string_view plan = {};
  // Claims of a verified token, by name; strings as they are, numbers and booleans in their JSON text.
  std::span<const std::pair<std::string, std::string>> claims = {};
  const KnownCaller* caller = nullptr;  // null: no key of the catalog was shown

  // The client's address before any prefix is applied. If it is not set, `ip` is the full address.
  const std::optional<IpAddress>& whole_address() const { return address ? address : ip; }

  std::string_view claim(std::string_view name) const {
    for (const auto& [key, value] : claims) {
      if (key == name) return value;
    }
    return {};
  }
};

}  // namespace rateguard

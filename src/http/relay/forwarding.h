// Which fields of a message go on to the next hop.
#pragma once

#include <span>
#include <vector>

#include "model/request_facts.h"

namespace rateguard::http {

// Appends the fields that are of the message and not of the connection it came on (RFC 9110, section 7.6.1): without
// Connection and what it names, Keep-Alive, Proxy-Connection, Transfer-Encoding, Upgrade, and without Expect, which the
// next hop answers by itself. What says where a message ends, who sends it and on whose behalf cannot be named away.
// The views are those of `from`.
void forwardable(std::span<const Header> from, std::vector<Header>& to);

}  // namespace rateguard::http

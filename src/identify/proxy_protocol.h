// PROXY protocol, version 2 (the specification is haproxy's doc/proxy-protocol.txt, section 2.2): the header that a
// proxy sends ahead of a connection's bytes to say where the connection comes from. A pure function over bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "model/ip_address.h"

namespace rateguard::identify {

// The largest header that is accepted. Addresses take 28 or 52 bytes, and a name or a client certificate's subject
// about a hundred; the format itself would allow 65,551.
inline constexpr size_t kProxyHeaderMax = 4096;

struct ProxyHeader {
  size_t length = 0;  // bytes of the header; the connection's own follow
  // Who connected to the proxy. None for LOCAL (the proxy's own health checks) and if the addresses are not those of a
  // TCP connection: the peer's own address then counts.
  std::optional<IpAddress> source = {};
  uint16_t source_port = 0;
};

// Reads the header at the start of what has arrived; no value if too little has arrived yet; kProxyHeaderMax
// bytes are always enough. Errors: kInvalid, and the connection is to be closed. REQUIRES: the peer is a trusted
// proxy.
Result<std::optional<ProxyHeader>> parse_proxy_header(std::span<const uint8_t> bytes);

}  // namespace rateguard::identify

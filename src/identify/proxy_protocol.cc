#include "identify/proxy_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rateguard::identify {
namespace {

constexpr std::array<uint8_t, 12> kSignature = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr size_t kFixedLength = 16;  // signature, version and command, family and transport, two bytes of length

enum ProxyCommand : uint8_t { kLocal = 0x0, kProxy = 0x1 };
enum Family : uint8_t {
  kUnspecified = 0x00,
  kTcp4 = 0x11,
  kUdp4 = 0x12,
  kTcp6 = 0x21,
  kUdp6 = 0x22,
  kUnixStream = 0x31,
  kUnixDatagram = 0x32,
};

// Bytes of addresses and ports that a family has; none for a family that the specification does not list, on which a
// receiver must drop the connection.
std::optional<size_t> address_length(uint8_t family) {
  switch (family) {
    case kUnspecified:
      return 0;
    case kTcp4:
    case kUdp4:
      return 12;
    case kTcp6:
    case kUdp6:
      return 36;
    case kUnixStream:
    case kUnixDatagram:
      return 216;
    default:
      return std::nullopt;
  }
}

uint16_t big_endian_16(const uint8_t* bytes) {
  return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
}

void read_source(uint8_t family, const uint8_t* addresses, ProxyHeader& header) {
  IpAddress source;
  if (family == kTcp4) {
    source.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    std::copy_n(addresses, 4, source.bytes.begin() + 12);
    header.source_port = big_endian_16(addresses + 8);
  } else if (family == kTcp6) {
    std::copy_n(addresses, 16, source.bytes.begin());
    header.source_port = big_endian_16(addresses + 32);
  } else {
    return;
  }
  header.source = source;
}

}  // namespace

Result<std::optional<ProxyHeader>> parse_proxy_header(std::span<const uint8_t> bytes) {
  const size_t compared = std::min(bytes.size(), kSignature.size());
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(compared), kSignature.begin())) {
    return invalid("the connection does not begin with a PROXY protocol version 2 header");
  }
  if (bytes.size() < kFixedLength) return std::nullopt;

  const uint8_t version = bytes[12] >> 4;
  const uint8_t command = bytes[12] & 0xf;
  if (version != 2) return invalid(fmt::format("PROXY protocol version {}; expected 2", version));
  if (command != kLocal && command != kProxy) return invalid(fmt::format("unknown PROXY protocol command {}", command));

  const uint8_t family = bytes[13];
  const size_t payload = big_endian_16(&bytes[14]);
  ProxyHeader header = {.length = kFixedLength + payload};
  if (header.length > kProxyHeaderMax) {
    return invalid(
        fmt::format("PROXY protocol header of {} bytes; at most {} are accepted", header.length, kProxyHeaderMax));
  }
  if (command == kProxy) {
    const auto needed = address_length(family);
    if (!needed) return invalid(fmt::format("unknown PROXY protocol address family 0x{:02x}", family));
    if (payload < *needed) {
      return invalid(fmt::format("PROXY protocol header with {} bytes of addresses; family 0x{:02x} has {}", payload,
                                 family, *needed));
    }
  }
  if (bytes.size() < header.length) return std::nullopt;
  if (command == kProxy) read_source(family, bytes.data() + kFixedLength, header);
  return header;
}

}  // namespace rateguard::identify

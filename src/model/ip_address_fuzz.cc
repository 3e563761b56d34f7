// Address and prefix text: what parses must print canonically and come back the same, and agree with inet_pton.
#include <arpa/inet.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "base/check.h"
#include "model/ip_address.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto address = rateguard::IpAddress::parse(text);

  // inet_pton reads C strings, so what holds a NUL is ours alone to refuse.
  std::array<uint8_t, 16> theirs = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool readable = text.find('\0') == std::string::npos;
  const bool accepted = readable && (inet_pton(AF_INET, text.c_str(), theirs.data() + 12) == 1 ||
                                     inet_pton(AF_INET6, text.c_str(), theirs.data()) == 1);
  RG_CHECK(address.has_value() == accepted);
  if (address) {
    RG_CHECK(address->bytes == theirs);
    RG_CHECK(rateguard::IpAddress::parse(address->to_string()) == address);
    for (const int bits : {0, 1, 32, 56, 64, 127, 128}) {
      RG_CHECK(address->masked_v6(bits).masked_v6(bits) == address->masked_v6(bits));
    }
  }
  if (const auto prefix = rateguard::IpPrefix::parse(text)) {
    RG_CHECK(prefix->bits >= 0 && prefix->bits <= 128);
    RG_CHECK(prefix->contains(prefix->address));
  }
  return 0;
}

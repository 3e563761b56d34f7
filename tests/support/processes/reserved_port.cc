#include "support/processes/reserved_port.h"

#include <sys/socket.h>

#include <cstdlib>

namespace rateguard::test {

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// A socket that is bound and does not listen reserves it: bind(2) looks for a port of which there is none at all, and
// with SO_REUSEADDR on both another may still bind it by its number (ip(7)).
uint16_t reserved_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  constexpr int kOn = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) != 0) std::abort();
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);  // the socket stays as it is until the process ends
}

}  // namespace rateguard::test

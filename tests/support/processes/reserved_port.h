// Ports for servers that need to be told theirs.
#pragma once

#include <netinet/in.h>

#include <cstdint>

namespace rateguard::test {

sockaddr_in loopback(uint16_t port);

// A port of 127.0.0.1 that nobody listens on, and that the kernel gives to nobody else as long as this process lives,
// be it for a socket that asks for any port or for a connection. A server that sets SO_REUSEADDR, as servers do, may
// listen there, end and come back.
uint16_t reserved_port();

}  // namespace rateguard::test

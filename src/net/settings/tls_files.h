// The PEM files of either side of TLS, as settings name them. A certificate's file holds its chain, leaf first.
#pragma once

#include <string>

namespace rateguard::net {

// Of a server. Without a certificate it speaks without TLS.
struct TlsFiles {
  std::string certificate = {};
  std::string key = {};
  std::string client_ca = {};  // empty: clients show nothing; else each must show a certificate that it signed
};

// Of a client.
struct TlsClientFiles {
  std::string ca = {};           // the authorities to trust; empty: the system's
  std::string certificate = {};  // shown to a server that asks; empty: none
  std::string key = {};          // of the certificate
};

}  // namespace rateguard::net

// What `listen:` says, as the servers take it.
#pragma once

#include <cstddef>
#include <string>

#include "config/config.h"
#include "net/connection_host.h"
#include "net/server.h"
#include "net/tls.h"
#include "server/resp/resp_server.h"

namespace rateguard::app {

// `protocol` is what ALPN agrees on.
net::TlsFiles tls_files(const config::TlsSettings& settings, std::string protocol);

// Reads the PROXY header of listen.proxy_protocol; empty where there is none.
net::PeerPreamble preamble_for(const config::Config& config);

// Each loop takes its share of listen.connections_max.
int connections_per_loop(const config::ListenSettings& listen, size_t loops);

net::HttpServerOptions http_options(const config::Config& config, size_t loops);
// REQUIRES: listen.resp is not off.
resp::RespServerOptions resp_options(const config::Config& config, size_t loops);

}  // namespace rateguard::app

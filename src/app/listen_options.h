// What `listen:` says, as the servers take it.
#pragma once

#include <cstddef>
#include <string>

#include "config/config.h"
#include "http/server/http2_server.h"
#include "http/server/server.h"
#include "net/tls.h"
#include "server/resp/resp_server.h"

namespace rateguard::app {

// `protocol` is what ALPN agrees on.
net::TlsFiles tls_files(const config::TlsSettings& settings, std::string protocol);

// Of one loop of so many, each of which takes its share of listen.connections_max.
http::HttpServerOptions http_options(const config::Config& config);
// REQUIRES: listen.resp is not off.
resp::RespServerOptions resp_options(const config::Config& config);
// REQUIRES: listen.grpc is not off.
http::Http2ServerOptions grpc_options(const config::Config& config);

}  // namespace rateguard::app

// The settings of `listen:`, as options of the servers.
#pragma once

#include "config/config.h"
#include "http/server/server.h"
#include "server/resp/resp_server.h"

namespace rateguard::app {

// The options of one loop. The loops share listen.connections_max.
http::ServerOptions http_options(const config::Config& config);
// REQUIRES: listen.resp is not off.
resp::RespServerOptions resp_options(const config::Config& config);
// REQUIRES: admin.listen is not off.
http::ServerOptions admin_options(const config::Config& config);
// REQUIRES: listen.grpc is not off.
http::ServerOptions grpc_options(const config::Config& config);

}  // namespace rateguard::app

// A configuration with everything that it names read and compiled, which is required before it is put in force. A
// start, a reload and `rateguard validate` all use this, so that none accepts what another refuses:
// docs/decisions/0024-one-gate-for-configurations.md.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/serve/config_source.h"
#include "base/result.h"
#include "config/config.h"
#include "net/tls.h"

namespace rateguard::app {

struct Prepared {
  Policy policy;
  envoy::DescriptorPolicy envoy;
  std::shared_ptr<const net::TlsContext> tls;       // of HTTP; null: no TLS
  std::shared_ptr<const net::TlsContext> h2;        // of gRPC
  std::string admin_token = {};                     // an owner's, for the admin API; empty: none
  std::shared_ptr<const net::TlsContext> resp_tls;  // of the Redis protocol, which ALPN has no name for
};

// How Envoy's configuration is loaded.
using LoadEnvoy = std::function<Result<envoy::DescriptorPolicy>(const config::Config& config)>;

// Reads files, opens no socket. Errors: kIo and kInvalid, with the position of the wrong setting in the file.
Result<Prepared> prepare(const config::Config& config, const LoadEnvoy& load_envoy = make_envoy_policy);

// Two listeners of one process on one port: the system would blame "another process". Errors: kInvalid.
Result<void> check_ports(const config::Config& config);

// Settings that are valid but hardly intended: config::config_warnings(), and listeners that anyone can reach.
std::vector<Error> warnings_about(const config::Config& config);

}  // namespace rateguard::app

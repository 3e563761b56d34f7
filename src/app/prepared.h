// A configuration with everything that it names read and compiled: what has to be good before it may be put in force.
// A start, a reload and `rateguard validate` all go through here, so that none takes what another refuses:
// docs/decisions/0024-one-gate-for-configurations.md.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "app/config_source.h"
#include "base/result.h"
#include "config/config.h"
#include "net/tls.h"

namespace rateguard::app {

struct Prepared {
  Policy policy;
  envoy::Policy envoy;
  std::shared_ptr<const net::TlsContext> tls;  // of HTTP and the Redis protocol; null: no TLS
  std::shared_ptr<const net::TlsContext> h2;   // of gRPC
};

// How Envoy's configuration is loaded.
using LoadEnvoy = std::function<Result<envoy::Policy>(const config::Config& config)>;

// Reads files, opens no socket. Errors: kIo and kInvalid, with the place in the file that names what is wrong.
Result<Prepared> prepare(const config::Config& config, const LoadEnvoy& load_envoy = make_envoy_policy);

// Two listeners of one process on one port: the system would say that "another process" has it. Errors: kInvalid.
Result<void> check_ports(const config::Config& config);

// What is valid and hardly meant: config::config_warnings(), and listeners that anybody can reach.
std::vector<Error> warnings_about(const config::Config& config);

}  // namespace rateguard::app

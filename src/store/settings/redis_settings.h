// The settings of counters in Redis: docs/configuration.md, `stores.NAME` with `type: redis`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/instant.h"
#include "net/settings/tls_files.h"
#include "redis/url/url.h"
#include "settings/setting_row.h"
#include "store/terms.h"

namespace rateguard {

// How counters are kept in Redis.
struct RedisSettings {
  // The address: one of these three, the others empty.
  std::optional<redis::Url> url = {};
  std::vector<redis::Url> sentinels = {};  // with their own logins
  std::vector<redis::Url> cluster = {};    // some of its nodes, all with one login
  std::string service = {};                // the Sentinels' name for it; with `sentinels`
  // The login at the servers that hold the data; takes precedence over the URL's.
  std::string user = {};
  std::string password = {};
  int database = 0;
  net::TlsClientFiles tls = {};      // the certificate of a server is always verified
  std::string tls_server_name = {};  // the name in every server's certificate; empty: the server's host

  Duration deadline = Duration::millis(10);                  // for a decision
  std::string prefix = "rg";                                 // of every key
  std::string secret = {};                                   // for the names of holds; the same on every instance
  OnStoreFailure on_store_failure = OnStoreFailure::kAllow;  // for limits that come with a request
  int breaker_failures = 5;
  Duration breaker_open_for = Duration::millis(250);
  Duration sync_interval = Duration::millis(100);

  // How to log in at the servers that hold the data. With `url` it also has that server's address, with `cluster` the
  // address of one node; with `sentinels` it has no host, and TLS if they have. REQUIRES: one of the three is set.
  redis::Url server() const;
};

std::span<const SettingRow<RedisSettings>> redis_setting_rows();

}  // namespace rateguard

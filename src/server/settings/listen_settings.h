// The settings of the listeners: docs/configuration.md, `listen`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/instant.h"
#include "net/settings/endpoint.h"
#include "net/settings/tls_files.h"
#include "settings/setting_row.h"

namespace rateguard::server {

// Defaults and bounds are documented in docs/configuration.md.
struct ListenSettings {
  net::Endpoint http = {};
  net::OptionalEndpoint grpc = net::Endpoint{.port = 8081};
  net::OptionalEndpoint resp = net::Endpoint{.port = 6380};  // the Redis protocol
  net::TlsFiles tls = {};
  std::vector<std::string> tokens = {};        // who may ask, by Authorization: Bearer; empty: anyone
  std::vector<std::string> admin_tokens = {};  // who may reset and reload; empty: only loopback peers
  int threads = 0;                             // event loops; 0: one per core
  int connections_max = 20'000;
  int header_bytes_max = 16'384;
  int body_bytes_max = 1'048'576;
  uint64_t waiting_bodies_bytes_max = 268'435'456;  // of incomplete requests, on all connections
  Duration idle_timeout = Duration::seconds(75);
  Duration resp_idle_timeout = Duration::seconds(3'600);  // pools of Redis clients keep idle connections for long
  Duration read_timeout = Duration::seconds(10);          // for one request, from its first byte
  Duration write_timeout = Duration::seconds(10);
  Duration drain_grace = Duration::seconds(10);
  bool proxy_protocol = false;
};

std::span<const SettingRow<ListenSettings>> listen_setting_rows();

}  // namespace rateguard::server

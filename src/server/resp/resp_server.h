// A server of the Redis protocol on one event loop. A program with several loops has a server for each, all on one
// port.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"
#include "net/connection_host.h"
#include "net/event_loop.h"
#include "server/resp/resp_api.h"

namespace rateguard::resp {

struct RespServerOptions {
  net::ConnectionHostOptions host = {};
  // Bytes of replies that wait for a slow reader. While any wait, its commands are not read; a batch of pipelined
  // commands stops at this bound and continues when they were sent. A single reply may exceed it.
  size_t output_bytes_max = 256 * 1'024;
};

struct RespSessionContext;

// All members except stats() are for the loop's thread. The loop outlives the server.
class RespServer {
 public:
  explicit RespServer(RespServerOptions options);
  ~RespServer();
  RespServer(const RespServer&) = delete;
  RespServer& operator=(const RespServer&) = delete;

  // Listens and serves; returns the port. `api` outlives the server. Errors: as net::Listener::open().
  Result<uint16_t> start(net::EventLoop& loop, RespApi& api);
  // Takes effect for new connections.
  void set_tls(std::shared_ptr<const net::TlsContext> tls) { host_.set_tls(std::move(tls)); }
  // Accepts no more connections, closes those without a command under way, answers commands that have begun to arrive,
  // and calls `on_empty` once, on the loop: when the last connection has closed, or when `grace` is over and the rest
  // were cut off.
  void drain(Duration grace, std::function<void()> on_empty) { host_.drain(grace, std::move(on_empty)); }

  const net::ConnectionStats& stats() const { return stats_; }

 private:
  RespServerOptions options_;  // without `host`, which was moved to host_
  net::ConnectionStats stats_;
  std::unique_ptr<RespSessionContext> context_;
  net::ConnectionHost host_;  // declared after what its connections use
};

}  // namespace rateguard::resp

// A server of the Redis protocol on one event loop. A program with several loops has one for each, all on one port.
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
  // Replies that wait for a slow reader. While there are any its commands are not read; a batch of pipelined commands
  // stops here and goes on when they are gone. A single reply may exceed it.
  size_t output_bytes_max = 256 * 1'024;
};

struct RespSessionContext;

// Every member is for the loop's thread, but stats(). The loop outlives the server.
class RespServer {
 public:
  explicit RespServer(RespServerOptions options);
  ~RespServer();
  RespServer(const RespServer&) = delete;
  RespServer& operator=(const RespServer&) = delete;

  // Listens and serves; gives the port. `api` outlives the server. Errors: as net::Listener::open().
  Result<uint16_t> start(net::EventLoop& loop, RespApi& api);
  // Takes effect for new connections.
  void set_tls(std::shared_ptr<const net::TlsContext> tls) { host_.set_tls(std::move(tls)); }
  // Accepts nobody else, closes connections without a command under way, answers what has begun to arrive, and calls
  // `on_empty` once, on the loop: when the last connection is gone, or when `grace` is over and the rest were cut off.
  void drain(Duration grace, std::function<void()> on_empty) { host_.drain(grace, std::move(on_empty)); }

  const net::ConnectionStats& stats() const { return stats_; }

 private:
  RespServerOptions options_;  // but `host`, which went to host_
  net::ConnectionStats stats_;
  std::unique_ptr<RespSessionContext> context_;
  net::ConnectionHost host_;  // after what its connections use
};

}  // namespace rateguard::resp

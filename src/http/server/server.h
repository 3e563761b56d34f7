// An HTTP server on one event loop: HTTP/1.1 and HTTP/2 on one port. A program with several loops has a server for
// each, all on one port.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"
#include "http/exchange.h"
#include "http/server_options.h"
#include "net/connection_host.h"
#include "net/event_loop.h"

namespace rateguard::http {

struct Http1SessionContext;
struct Http2SessionContext;

// All members except stats() are for the loop's thread. The loop outlives the server.
class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and serves; returns the port. `handler` outlives the server. Errors: as net::Listener::open().
  Result<uint16_t> start(net::EventLoop& loop, Handler& handler);

  // Takes effect for new connections.
  void set_tls(std::shared_ptr<const net::TlsContext> tls) { host_.set_tls(std::move(tls)); }

  // Accepts no more connections and closes idle ones. HTTP/1.1 answers requests that have begun to arrive with
  // "Connection: close"; HTTP/2 sends GOAWAY (RFC 9113, section 6.8) and finishes the streams in flight. Calls
  // `on_empty` once, on the loop: when the last connection has closed, or when `grace` is over and the rest were cut
  // off.
  void drain(Duration grace, std::function<void()> on_empty) { host_.drain(grace, std::move(on_empty)); }

  const ServerStats& stats() const { return stats_; }

 private:
  std::unique_ptr<net::Connection> make(int descriptor, const IpAddress& peer);
  void refuse(net::Transport& transport);

  ServerOptions options_;  // without `host`, which was moved to host_
  ServerStats stats_;
  std::unique_ptr<Http1SessionContext> http1_;
  std::unique_ptr<Http2SessionContext> http2_;
  net::ConnectionHost host_;  // declared after what its connections use
};

}  // namespace rateguard::http

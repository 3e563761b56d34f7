// An HTTP/2 server on one event loop: cleartext with prior knowledge (RFC 9113, section 3.3), or TLS with ALPN h2. A
// program with several loops has one for each, all on one port.
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

struct Http2SessionContext;

// Every member is for the loop's thread, but stats(). The loop outlives the server.
class Http2Server {
 public:
  explicit Http2Server(Http2ServerOptions options);
  ~Http2Server();
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  // Listens and serves; gives the port. `handler` outlives the server. Errors: as net::Listener::open().
  Result<uint16_t> start(net::EventLoop& loop, Handler& handler);

  // Takes effect for new connections.
  void set_tls(std::shared_ptr<const net::TlsContext> tls) { host_.set_tls(std::move(tls)); }

  // Accepts nobody else, says GOAWAY to everybody (RFC 9113, section 6.8), finishes the streams in flight, and calls
  // `on_empty` once, on the loop: when the last connection is gone, or when `grace` is over and the rest were cut off.
  void drain(Duration grace, std::function<void()> on_empty) { host_.drain(grace, std::move(on_empty)); }

  const Http2ServerStats& stats() const { return stats_; }

 private:
  Http2ServerOptions options_;  // but `host`, which went to host_
  Http2ServerStats stats_;
  std::unique_ptr<Http2SessionContext> context_;
  net::ConnectionHost host_;  // after what its connections use
};

}  // namespace rateguard::http

// An HTTP/2 server on one event loop: cleartext with prior knowledge (RFC 9113, section 3.3), or TLS with ALPN h2. A
// program with several loops has one for each, all on one port.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"
#include "net/body_budget.h"
#include "net/connection_host.h"
#include "net/http2_exchange.h"
#include "net/http2_flood.h"

namespace rateguard::net {

struct Http2ServerOptions {
  // Whoever comes beyond its connections_max is closed. Its timeouts: `idle` without a stream: goodbye; with streams: a
  // PING, then goodbye. `read` for one request, from its first byte to the last of its answer; kept to within twice
  // itself. `handshake` for the preamble, TLS and the client's preface.
  ConnectionHostOptions host = {};
  uint32_t streams_max = 1'024;           // at once on one connection
  size_t header_bytes_max = 16 * 1'024;   // of a request, as RFC 9113, section 6.5.2 counts them; beyond: 431
  size_t body_bytes_max = 1'024 * 1'024;  // of a request; beyond: 413
  size_t waiting_body_bytes_max = 8 * 1'024 * 1'024;  // of a connection's incomplete requests together; beyond: reset
  std::shared_ptr<BodyBudget> bodies = {};            // of all connections together; beyond: reset; null: no bound
  // Answers that wait for a slow reader. While there are any its requests are not read.
  size_t output_bytes_max = 256 * 1'024;
  // Streams that are reset before they are answered, by either side (CVE-2023-44487). As nghttp2 has it by default, and
  // a stream that ends well gives one back.
  FloodLimit resets = {.burst = 1'000, .per_second = 33};
  // PING, SETTINGS, WINDOW_UPDATE, PRIORITY, RST_STREAM and empty DATA frames. A stream that ends well gives
  // four back, more than clients spend on one; the burst is above what a client may send for its open streams.
  FloodLimit control_frames = {.burst = 10'000, .per_second = 100};
};

// Counted since the start; written by the server's loop, read by any thread.
struct Http2ServerStats : ConnectionStats {
  std::atomic<uint64_t> streams_open = 0;
  std::atomic<uint64_t> requests_handled = 0;
  std::atomic<uint64_t> requests_rejected = 0;  // too large or too slow
  std::atomic<uint64_t> streams_reset = 0;      // ended by either side before they were answered
  std::atomic<uint64_t> floods = 0;             // connections ended with ENHANCE_YOUR_CALM
};

struct Http2SessionContext;

// Every member is for the loop's thread, but stats(). The loop outlives the server.
class Http2Server {
 public:
  explicit Http2Server(Http2ServerOptions options);
  ~Http2Server();
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  // Listens and serves; gives the port. `handler` outlives the server. Errors: as Listener::open().
  Result<uint16_t> start(EventLoop& loop, Http2Handler& handler);

  // Takes effect for new connections.
  void set_tls(std::shared_ptr<const TlsContext> tls) { host_.set_tls(std::move(tls)); }

  // Accepts nobody else, says GOAWAY to everybody (RFC 9113, section 6.8), finishes the streams in flight, and calls
  // `on_empty` once, on the loop: when the last connection is gone, or when `grace` is over and the rest were cut off.
  void drain(Duration grace, std::function<void()> on_empty) { host_.drain(grace, std::move(on_empty)); }

  const Http2ServerStats& stats() const { return stats_; }

 private:
  Http2ServerOptions options_;  // but `host`, which went to host_
  Http2ServerStats stats_;
  std::unique_ptr<Http2SessionContext> context_;
  ConnectionHost host_;  // after what its connections use
};

}  // namespace rateguard::net

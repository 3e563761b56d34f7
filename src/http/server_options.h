// What a server of either protocol allows, and what it counts.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "http/body_budget.h"
#include "http/flood_budget.h"
#include "net/connection_host.h"

namespace rateguard::http {

struct Http1Limits {
  uint32_t header_bytes_max = 16'384;  // request line and fields with their line ends; trailers on their own again
  uint32_t headers_max = 100;
  uint64_t body_bytes_max = 1'048'576;  // after chunked decoding
};

struct HttpServerOptions {
  net::ConnectionHostOptions host = {};  // whoever comes beyond its connections_max is told 503
  Http1Limits limits = {};
  std::shared_ptr<BodyBudget> bodies = {};  // what is kept of requests that are not whole; beyond: 503; null: no bound
  // Answers that wait for a slow reader. While there are any its requests are not read; a batch of pipelined requests
  // stops here and goes on when they are gone. A single answer may exceed it.
  size_t output_bytes_max = 256 * 1'024;
};

struct HttpServerStats : net::ConnectionStats {
  std::atomic<uint64_t> requests_handled = 0;
  std::atomic<uint64_t> requests_rejected = 0;  // not valid HTTP, too large, too slow
};

// Whether answers say when they were made (RFC 9110, section 6.6.1). gRPC has no use for it.
enum class DateHeader : uint8_t { kSent, kOmitted };

struct Http2ServerOptions {
  // Whoever comes beyond its connections_max is closed. Its timeouts: `idle` without a stream: goodbye; with streams: a
  // PING, then goodbye. `read` for one request, from its first byte to the last of its answer; kept to within twice
  // itself. `handshake` for the preamble, TLS and the client's preface.
  net::ConnectionHostOptions host = {};
  uint32_t streams_max = 1'024;           // at once on one connection
  size_t header_bytes_max = 16 * 1'024;   // of a request, as RFC 9113, section 6.5.2 counts them; beyond: 431
  size_t body_bytes_max = 1'024 * 1'024;  // of a request; beyond: 413
  size_t waiting_body_bytes_max = 8 * 1'024 * 1'024;  // of a connection's incomplete requests together; beyond: reset
  std::shared_ptr<BodyBudget> bodies = {};            // of all connections together; beyond: reset; null: no bound
  DateHeader date = DateHeader::kSent;
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
struct Http2ServerStats : net::ConnectionStats {
  std::atomic<uint64_t> streams_open = 0;
  std::atomic<uint64_t> requests_handled = 0;
  std::atomic<uint64_t> requests_rejected = 0;  // too large or too slow
  std::atomic<uint64_t> streams_reset = 0;      // ended by either side before they were answered
  std::atomic<uint64_t> floods = 0;             // connections ended with ENHANCE_YOUR_CALM
};

}  // namespace rateguard::http

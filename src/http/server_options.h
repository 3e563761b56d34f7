// What a server allows, and what it counts.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "http/body_budget.h"
#include "http/flood_budget.h"
#include "net/connection_host.h"

namespace rateguard::http {

// Of one request.
struct Limits {
  // HTTP/1.1: the request line and the fields with their line ends, and trailers on their own again. HTTP/2: as RFC
  // 9113, section 6.5.2 counts them. Beyond: 431.
  uint32_t header_bytes_max = 16'384;
  uint32_t headers_max = 100;           // HTTP/1.1: fields; beyond: 431
  uint64_t body_bytes_max = 1'048'576;  // of a body that is kept as a whole, after chunked decoding; beyond: 413
};

// Of one HTTP/2 connection.
struct Http2Limits {
  uint32_t streams_max = 1'024;  // at once
  // Of its requests' heads, and of answers that the client does not read; beyond: new streams are refused.
  size_t held_bytes_max = 8 * 1'024 * 1'024;
  size_t waiting_body_bytes_max = 8 * 1'024 * 1'024;  // of its incomplete requests together; beyond: reset
  // Streams that are reset before they are answered, by either side (CVE-2023-44487). As nghttp2 has it by default, and
  // a stream that ends well gives one back.
  FloodLimit resets = {.burst = 1'000, .per_second = 33};
  // PING, SETTINGS, WINDOW_UPDATE, PRIORITY, RST_STREAM and empty DATA frames. A stream that ends well gives
  // four back, more than clients spend on one; the burst is above what a client may send for its open streams.
  FloodLimit control_frames = {.burst = 10'000, .per_second = 100};
};

// What a listener speaks. Over TLS ALPN decides (RFC 7301), and the TlsContext has to offer the same; without TLS a
// connection that begins with HTTP/2's preface speaks HTTP/2 (RFC 9113, section 3.3).
enum class Protocols : uint8_t { kHttp1, kHttp2, kBoth };

// Whether HTTP/2 answers say when they were made (RFC 9110, section 6.6.1). gRPC has no use for it.
enum class DateHeader : uint8_t { kSent, kOmitted };

struct ServerOptions {
  // A client beyond its connections_max is told 503, or nothing if only HTTP/2 is spoken. Timeouts of HTTP/2: `idle`
  // without a stream: goodbye; with streams: a PING, then goodbye. `read` for one request, from its first byte to the
  // last of its answer; kept to within twice itself. `handshake` for the preamble, TLS and the client's preface.
  net::ConnectionHostOptions host = {};
  Protocols protocols = Protocols::kBoth;
  Limits limits = {};
  Http2Limits http2 = {};
  // What is kept of requests that are not whole, of all connections together; beyond: HTTP/1.1 503, HTTP/2 a reset.
  // Null: no bound.
  std::shared_ptr<BodyBudget> bodies = {};
  // Answers that wait for a slow reader. While there are any its requests are not read; a batch of pipelined requests
  // stops here and goes on when they are gone. A single answer may exceed it.
  size_t output_bytes_max = 256 * 1'024;
  DateHeader date = DateHeader::kSent;
};

// Counted since the start; written by the server's loop, read by any thread.
struct ServerStats : net::ConnectionStats {
  std::atomic<uint64_t> requests_handled = 0;
  std::atomic<uint64_t> requests_rejected = 0;  // not valid HTTP, too large, too slow
  // HTTP/2:
  std::atomic<uint64_t> streams_open = 0;
  std::atomic<uint64_t> streams_reset = 0;  // ended by either side before they were answered
  std::atomic<uint64_t> floods = 0;         // connections ended with ENHANCE_YOUR_CALM
};

}  // namespace rateguard::http

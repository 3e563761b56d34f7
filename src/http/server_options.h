// What a server allows, and what it counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/counter.h"
#include "base/level.h"
#include "http/body_budget.h"
#include "http/flood_budget.h"
#include "net/connection_host.h"

namespace rateguard::http {

// Limits of one request.
struct Limits {
  // HTTP/1.1: the request line and the fields with their line ends, and trailers separately. HTTP/2: as RFC 9113,
  // section 6.5.2 counts them. Above it: 431, and far above it the connection ends behind that answer.
  uint32_t header_bytes_max = 16'384;
  uint32_t headers_max = 100;           // fields beside Host; all crumbs of a cookie are one; above it: 431
  uint64_t body_bytes_max = 1'048'576;  // of a body that is kept whole, after chunked decoding; above it: 413
};

// Limits of one HTTP/2 connection.
struct Http2Limits {
  uint32_t streams_max = 1'024;  // at once
  // Bytes of its requests' heads, and of answers that the client does not read; above it new streams are refused.
  size_t held_bytes_max = 8 * 1'024 * 1'024;
  size_t waiting_body_bytes_max = 8 * 1'024 * 1'024;  // of all its incomplete requests; above it: reset
  // Streams that either side resets before they are answered (CVE-2023-44487). nghttp2's default, except that a stream
  // that ends well gives one back.
  FloodLimit resets = {.burst = 1'000, .per_second = 33};
  // PING, SETTINGS, WINDOW_UPDATE, PRIORITY, RST_STREAM and empty DATA frames. A stream that ends well gives
  // four back, more than clients spend on one; the burst is above what a client may send for its open streams.
  FloodLimit control_frames = {.burst = 10'000, .per_second = 100};
};

// What a listener speaks. Over TLS ALPN decides (RFC 7301), and the TlsContext has to offer the same; without TLS a
// connection that begins with HTTP/2's preface speaks HTTP/2 (RFC 9113, section 3.3).
enum class Protocols : uint8_t { kHttp1, kHttp2, kBoth };

// Whether HTTP/2 answers have a Date (RFC 9110, section 6.6.1). gRPC does not use it.
enum class DateHeader : uint8_t { kSent, kOmitted };

struct ServerOptions {
  // A client above connections_max gets 503, or nothing if only HTTP/2 is spoken. Timeouts of HTTP/2: `idle` without a
  // stream: GOAWAY; with streams: a PING, then GOAWAY. `read` for one request, from its first byte to the last of its
  // answer; it may take up to twice as long. `handshake` for the preamble, TLS and the client's preface.
  net::ConnectionHostOptions host = {};
  Protocols protocols = Protocols::kBoth;
  Limits limits = {};
  Http2Limits http2 = {};
  // What all connections together keep of incomplete requests; above it: HTTP/1.1 503, HTTP/2 a reset. Null: no
  // bound.
  std::shared_ptr<BodyBudget> bodies = {};
  // Bytes of answers that wait for a slow reader. While any wait, its requests are not read; a batch of pipelined
  // requests stops at this bound and continues when they were sent. A single answer may exceed it.
  size_t output_bytes_max = 256 * 1'024;
  DateHeader date = DateHeader::kSent;
};

// Counted since the start; written by the server's loop, read by any thread.
struct ServerStats : net::ConnectionStats {
  Counter requests_handled;
  Counter requests_rejected;  // invalid HTTP, too large, too slow
  // HTTP/2:
  Level streams_open;
  Counter streams_reset;  // ended by either side before they were answered
  Counter floods;         // connections ended with ENHANCE_YOUR_CALM
};

}  // namespace rateguard::http

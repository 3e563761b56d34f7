#include "app/serve/listener_sources.h"

namespace rateguard::app {
namespace {

// `member` is a Counter or a Level.
template <typename Stats, typename Figure>
uint64_t sum(const std::vector<const http::ServerStats*>& loops, Figure Stats::* member) {
  uint64_t total = 0;
  for (const http::ServerStats* const loop : loops) total += (loop->*member).value();
  return total;
}

}  // namespace

void HttpListenerSource::report(metrics::Writer& out) const {
  using http::ServerStats;
  out.gauge("rateguard_connections", "Connections open.", sum(loops_, &ServerStats::connections_open));
  out.counter("rateguard_connections_accepted_total", "Connections accepted.",
              sum(loops_, &ServerStats::connections_accepted));
  out.counter("rateguard_connections_refused_total", "Connections closed at once, over connections_max.",
              sum(loops_, &ServerStats::connections_refused));
  out.gauge("rateguard_http2_streams", "HTTP/2 streams open on the HTTP listener.",
            sum(loops_, &ServerStats::streams_open));
  out.counter("rateguard_http2_streams_reset_total",
              "HTTP/2 streams of the HTTP listener that either side ended before they were answered.",
              sum(loops_, &ServerStats::streams_reset));
  out.counter("rateguard_http2_floods_total",
              "HTTP/2 connections of the HTTP listener ended because they flooded the server with frames.",
              sum(loops_, &ServerStats::floods));
  out.gauge("rateguard_waiting_bodies_bytes", "Bytes kept of requests that have not arrived whole.", bodies_->bytes());
  out.counter("rateguard_bodies_refused_total", "Requests refused because too many bodies were arriving at once.",
              bodies_->refusals());
}

void GrpcListenerSource::report(metrics::Writer& out) const {
  using http::ServerStats;
  out.gauge("rateguard_grpc_connections", "gRPC connections open.", sum(loops_, &ServerStats::connections_open));
  out.counter("rateguard_grpc_connections_accepted_total", "gRPC connections accepted.",
              sum(loops_, &ServerStats::connections_accepted));
  out.counter("rateguard_grpc_connections_refused_total", "gRPC connections closed at once, over connections_max.",
              sum(loops_, &ServerStats::connections_refused));
  out.gauge("rateguard_grpc_streams", "gRPC streams open.", sum(loops_, &ServerStats::streams_open));
  out.counter("rateguard_grpc_streams_reset_total", "gRPC streams that either side ended before they were answered.",
              sum(loops_, &ServerStats::streams_reset));
  out.counter("rateguard_grpc_floods_total", "gRPC connections ended because they flooded the server with frames.",
              sum(loops_, &ServerStats::floods));
}

}  // namespace rateguard::app

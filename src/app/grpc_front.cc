#include "app/grpc_front.h"

#include <algorithm>
#include <utility>

#include "server/grpc/protobuf_log.h"

namespace rateguard::app {
namespace {

// What HTTP/2 carries beside the fields that HTTP/1.1 would: pseudo-header fields, and 32 bytes counted for each field
// (RFC 9113, section 6.5.2). Below this a stock client's metadata would not fit.
constexpr size_t kHeaderBytesMin = 8 * 1'024;

grpc::GrpcLimits limits_of(const net::Http2ServerOptions& options) {
  return {.message_bytes_max = options.body_bytes_max - grpc::kMessagePrefix};
}

}  // namespace

net::Http2ServerOptions grpc_options(const config::ListenSettings& listen, int connections_max) {
  net::Http2ServerOptions options;
  options.host.address = {
      .host = listen.grpc->host, .port = listen.grpc->port, .option = "--grpc, or close it with --grpc off"};
  options.host.connections_max = connections_max;
  options.header_bytes_max = std::max(static_cast<size_t>(listen.header_bytes_max), kHeaderBytesMin);
  options.body_bytes_max = static_cast<size_t>(listen.body_bytes_max) + grpc::kMessagePrefix;
  options.waiting_body_bytes_max = std::max(options.waiting_body_bytes_max, options.body_bytes_max);
  options.host.timeouts = {.idle = listen.idle_timeout,
                           .read = listen.read_timeout,
                           .write = listen.write_timeout,
                           .handshake = listen.read_timeout};
  return options;
}

GrpcFront::GrpcFront(server::Service& service, rls::RateLimitService& rate_limits, net::EventLoop& loop,
                     const net::Http2ServerOptions& options)
    : loop_(loop), api_(service, rate_limits, loop, limits_of(options)), server_(options) {
  grpc::silence_protobuf();
}

void GrpcFront::drain(Duration grace, std::function<void()> on_empty) {
  api_.drain();
  server_.drain(grace, std::move(on_empty));
}

void GrpcFront::add_figures(metrics::GrpcFigures& sum) const {
  const net::Http2ServerStats& stats = server_.stats();
  sum.connections.open += stats.connections_open;
  sum.connections.accepted += stats.connections_accepted;
  sum.connections.refused += stats.connections_refused;
  sum.streams_open += stats.streams_open;
  sum.streams_reset += stats.streams_reset;
  sum.floods += stats.floods;
}

}  // namespace rateguard::app

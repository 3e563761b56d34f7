#include "app/serve/grpc_front.h"

#include <utility>

#include "server/grpc/protobuf_log.h"

namespace rateguard::app {
namespace {

grpc::GrpcLimits limits_of(const http::ServerOptions& options) {
  return {.message_bytes_max = options.limits.body_bytes_max - grpc::kMessagePrefix};
}

}  // namespace

GrpcFront::GrpcFront(server::Service& service, rls::RateLimitService& rate_limits, net::EventLoop& loop,
                     const http::ServerOptions& options)
    : loop_(loop), api_(service, rate_limits, loop, limits_of(options)), server_(options) {
  grpc::silence_protobuf();
}

void GrpcFront::drain(Duration grace, std::function<void()> on_empty) {
  api_.drain();
  server_.drain(grace, std::move(on_empty));
}

}  // namespace rateguard::app

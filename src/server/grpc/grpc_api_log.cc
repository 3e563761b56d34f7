// The lines of the access log for gRPC.
#include <span>
#include <string>
#include <vector>

#include "server/grpc/grpc_api.h"

namespace rateguard::grpc {

void GrpcApi::log_call(const UnaryCall& call, StatusCode code, const server::DecisionNote& note) const {
  if (!service_.logs_access()) return;
  const std::string peer = call.peer.to_string();
  const auto passed = std::chrono::steady_clock::now() - call.begin;
  std::vector<LogField> fields = {{"peer", std::string_view(peer)},
                                  {"rpc", call.rpc == nullptr ? std::string_view("unknown") : call.rpc->path.substr(1)},
                                  {"status", name_of(code)}};
  note.add_to(fields);
  fields.push_back(
      {"duration_us", call.arriving.us + std::chrono::duration_cast<std::chrono::microseconds>(passed).count()});
  service_.log->write(LogLevel::kInfo, "call", std::span<const LogField>(fields));
}

// Logs a stream when it begins: it may last as long as its connection.
void GrpcApi::log_stream(const Rpc& rpc, const IpAddress& peer) const {
  if (!service_.logs_access()) return;
  const std::string text = peer.to_string();
  service_.log->write(
      LogLevel::kInfo, "call",
      {{"peer", std::string_view(text)}, {"rpc", rpc.path.substr(1)}, {"status", name_of(StatusCode::kOk)}});
}

}  // namespace rateguard::grpc

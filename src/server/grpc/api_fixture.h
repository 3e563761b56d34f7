// For tests: the gRPC API on a real server, asked with serialized messages.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "envoy/specs_for_tests.h"
#include "http/server/http2_client_for_tests.h"
#include "http/server/server.h"
#include "net/loop_thread_testing.h"
#include "server/grpc/grpc_api.h"
#include "store/memory/memory_store.h"

namespace rateguard::grpc {

struct RpcResult {
  std::string status;   // grpc-status
  std::string message;  // grpc-message
  std::string text;     // of the first message
  http::Http2Answer answer;
};

// One message on the wire.
inline std::string framed(std::string_view message, Compressed compressed = Compressed::kNo) {
  std::string bytes(kMessagePrefix, '\0');
  write_prefix(bytes.data(), message.size(), compressed);
  return bytes.append(message);
}

inline const http::Http2Fields kGrpcFields = {{"content-type", "application/grpc"}, {"te", "trailers"}};

class ApiServer {
 public:
  explicit ApiServer(GrpcLimits limits = {}, http::ServerOptions options = {})
      : api_(service_, rate_limits_, loop_.loop(), limits), server_(http2_alone(std::move(options))) {
    const auto port = server_.start(loop_.loop(), api_);
    EXPECT_TRUE(port.has_value());
    port_ = port.value_or(0);
  }
  ~ApiServer() { loop_.stop(); }
  // Called after everything is set up.
  void run() { loop_.start(); }
  template <typename Work>
  void on_loop(Work work) {
    loop_.on_loop(std::move(work));
  }

  uint16_t port() const { return port_; }
  server::Service& service() { return service_; }
  rls::RateLimitService& rate_limits() { return rate_limits_; }
  GrpcApi& api() { return api_; }

 private:
  static http::ServerOptions http2_alone(http::ServerOptions options) {
    options.protocols = http::Protocols::kHttp2;
    return options;
  }

  net::LoopThread<net::ManualClock> loop_;  // 800 s into an hour
  std::unique_ptr<MemoryStore> store_ = MemoryStore::create({.max_keys = 1'000}).value();
  server::Service service_{*store_};
  rls::DescriptorLabels labels_;
  rls::RateLimitService rate_limits_{service_, labels_};
  GrpcApi api_;
  http::Server server_;
  uint16_t port_ = 0;
};

inline RpcResult answered(const http::Http2Answer& answer) {
  RpcResult result{
      .status = answer.field("grpc-status"), .message = answer.field("grpc-message"), .text = {}, .answer = answer};
  if (answer.body.size() >= kMessagePrefix) result.text = answer.body.substr(kMessagePrefix);
  return result;
}

inline RpcResult call(http::Http2Client& client, std::string_view path, const std::string& body,
                      const http::Http2Fields& more = {}) {
  http::Http2Fields fields = kGrpcFields;
  fields.insert(fields.end(), more.begin(), more.end());
  return answered(client.ask(std::string(path), body, fields));
}

}  // namespace rateguard::grpc

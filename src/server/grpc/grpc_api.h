// gRPC over HTTP/2: answers the calls of one event loop. docs/grpc.md is its reference.
#pragma once

#include <google/protobuf/arena.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "envoy/rate_limit.h"
#include "metrics/grpc_metrics.h"
#include "net/event_loop.h"
#include "net/http2_exchange.h"
#include "server/grpc/health.h"
#include "server/grpc/message_framing.h"
#include "server/grpc/rpc_table.h"
#include "server/rls/decider.h"
#include "server/service.h"

namespace rateguard::grpc {

struct GrpcLimits {
  size_t message_bytes_max = 1'024 * 1'024;
  // Answers of a stream that its client does not read: beyond, the call ends. A reflection of all files is a tenth.
  size_t waiting_bytes_max = 256 * 1'024;
};

// One per event loop, and used on that loop's thread only. What it is given outlives it; it is made before the loops
// run, and names the RPCs in the service's metrics.
class GrpcApi final : public net::Http2Handler {
 public:
  GrpcApi(server::Service& service, rls::RateLimitService& rate_limits, net::EventLoop& loop, GrpcLimits limits = {});
  ~GrpcApi() override;

  net::BodyDelivery delivery(const net::Http2Request& head) override;
  void handle(const net::Http2Request& request, Instant now, net::Http2Responder& responder) override;
  void reject(const net::HttpRejection& rejection, Instant now, net::Http2Responder& responder) override;
  void data(std::string_view bytes, net::Http2Responder& responder) override;
  void data_end(net::Http2Responder& responder) override;
  void stream_closed(net::Http2Responder& responder) override;
  void batch_end(Instant) override {}

  // The program is asked to end: whoever watches hears of it, and calls without an end of their own end.
  void drain();

  // To be listed in Service::metrics before the loops run.
  const metrics::GrpcMetrics& metrics() const { return *metrics_; }

 private:
  // A call whose messages flow.
  struct Conversation {
    const Rpc* rpc = nullptr;
    Encoding encoding = Encoding::kIdentity;
    std::string received = {};  // a message that is not whole yet
    net::Timer deadline = {};
    bool head_sent = false;
    bool is_watching = false;
    std::string watched = {};                      // a service's name
    ServingStatus last = ServingStatus::kUnknown;  // what the watcher heard
  };

  // Why a call cannot be served, before its message is looked at.
  Status admit(const CallHead& head, const Rpc* rpc, const net::Http2Request& request) const;
  Status answer(const Rpc& rpc, std::string_view message, Instant now);
  Status should_rate_limit(std::string_view message, Instant now);
  Status check_health(std::string_view message);
  // Makes reply_ the framed message.
  template <typename Message>
  void frame(const Message& message);
  void send_unary(const CallHead& head, net::Http2Responder& responder);
  void fail(const Rpc* rpc, const Status& status, net::Http2Responder& responder);
  void begin_conversation(const CallHead& head, const Rpc& rpc, const net::Http2Request& request,
                          net::Http2Responder& responder);
  Status converse(Conversation& conversation, std::string_view message, net::Http2Responder& responder);
  void tell_watcher(Conversation& conversation, ServingStatus status, net::Http2Responder& responder);
  void end_conversation(net::Http2Responder& responder, const Status& status);
  void tell_watchers();
  void count(const Rpc* rpc, Code code);
  void log_access(const Rpc* rpc, const net::Http2Request& request, Code code) const;

  server::Service& service_;
  rls::Decider decider_;
  net::EventLoop& loop_;
  GrpcLimits limits_;
  std::unique_ptr<metrics::GrpcMetrics> metrics_;
  MessageReader reader_;
  Gzip gzip_;
  std::vector<char> arena_block_;
  google::protobuf::Arena arena_;
  envoy::Request request_;
  std::string reply_;  // a framed message
  std::string compressed_;
  std::unordered_map<net::Http2Responder*, Conversation> conversations_;
  net::Timer watch_;  // while somebody watches
};

}  // namespace rateguard::grpc

// gRPC over HTTP/2: answers the calls of one event loop. docs/grpc.md is its reference.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/exchange.h"
#include "net/event_loop.h"
#include "net/tasks.h"
#include "server/desk.h"
#include "server/grpc/grpc_metrics.h"
#include "server/grpc/health.h"
#include "server/grpc/message_framing.h"
#include "server/grpc/rate_limit_call.h"
#include "server/grpc/rpc_table.h"
#include "server/rls/rate_limit_service.h"
#include "server/service.h"

namespace rateguard::grpc {

struct GrpcLimits {
  size_t message_bytes_max = 1'024 * 1'024;
  // Bytes of a stream's answers that its client has not read: above it the call ends. A reflection of all files is a
  // tenth.
  size_t waiting_bytes_max = 256 * 1'024;
  // Of calls whose decisions are waited for, as RateLimitCall counts them; calls beyond that are refused.
  size_t waiting_calls_bytes_max = server::DeskOptions().waiting_bytes_max;
};

// One per event loop, and used on that loop's thread only. What it is given outlives it; it is made before the loops
// run.
class GrpcApi final : public http::Handler, private http::ExchangeEvents {
 public:
  GrpcApi(server::Service& service, rls::RateLimitService& rate_limits, net::EventLoop& loop, GrpcLimits limits = {});
  ~GrpcApi() override;

  bool streams() const override { return true; }
  http::BodyDelivery delivery(const http::Request& head) override;
  void handle(http::Exchange& exchange, Now now) override;
  void reject(const http::Rejection& rejection, Instant now, http::Responder& responder) override;

  // Called when the program is asked to end: tells the watchers, and ends calls that have no end of their own.
  void drain();

  // For the CallSource of the program; they live as long as this.
  const GrpcMetrics& metrics() const { return *metrics_; }

 private:
  // What is needed to answer a call of one message.
  struct UnaryCall {
    const Rpc* rpc = nullptr;  // null: unknown
    IpAddress peer = {};
    Compressed reply_as = Compressed::kNo;  // kYes: if that gains anything
    std::optional<Instant> deadline = {};
    // For the access log:
    std::chrono::steady_clock::time_point begin = {};
    Duration arriving = {};  // from its head to its end
  };
  // One whose decision is waited for. Its task owns it.
  struct WaitingCall final : http::ExchangeEvents {
    WaitingCall(GrpcApi& its_api, server::Desk<RateLimitCall>::Taken taken)
        : api(its_api), question(std::move(taken)) {}
    void client_gone(http::Exchange&) override { api.give_up(*this); }
    GrpcApi& api;
    server::Desk<RateLimitCall>::Taken question;
    UnaryCall call = {};
    net::TaskGroup task = {};
    http::KeptExchange exchange = {};  // null once nothing more can or need be said
    net::Timer deadline = {};
  };
  // A streaming call.
  struct Conversation {
    http::KeptExchange exchange = {};
    const Rpc* rpc = nullptr;
    Encoding encoding = Encoding::kIdentity;
    std::string received = {};  // an incomplete message
    net::Timer deadline = {};
    bool head_sent = false;
    bool is_watching = false;
    std::string watched = {};                      // a service's name
    ServingStatus last = ServingStatus::kUnknown;  // the last state that the watcher was told
  };

  void body_arrived(http::Exchange& exchange, std::string_view bytes) override;
  void body_ended(http::Exchange& exchange, std::span<const Header> trailers) override;
  void client_gone(http::Exchange& exchange) override;

  // Checks whether a call can be served, before its message is read.
  Status admit(const CallHead& head, const Rpc* rpc, const http::Request& request) const;
  Status answer(const Rpc& rpc, std::string_view message, Now now);
  Status should_rate_limit(std::string_view message, Now now);
  Status check_health(std::string_view message);
  // Sends reply_, or the status if the call failed.
  void conclude(const UnaryCall& call, const Status& status, const server::DecisionNote& note,
                http::Exchange& exchange);
  void say_reply(Compressed reply_as, http::Exchange& exchange);
  void fail(const Rpc* rpc, const Status& status, http::Responder& responder);
  Status begin_waiting(const UnaryCall& call, std::string_view message, http::Exchange& exchange);
  void decide(WaitingCall& waiting);
  void conclude(WaitingCall& waiting, const Status& status, const server::DecisionNote& note);
  // Its client has gone. `waiting` may be no more afterwards.
  void give_up(WaitingCall& waiting);
  void begin_conversation(const CallHead& head, const Rpc& rpc, http::Exchange& exchange);
  Status converse(Conversation& conversation, std::string_view message);
  void begin_reply(Conversation& conversation);
  void tell_watcher(Conversation& conversation, ServingStatus status);
  void end_conversation(http::Exchange& exchange, const Status& status);
  void tell_watchers();
  void count(const Rpc* rpc, StatusCode code);
  void log_call(const UnaryCall& call, StatusCode code, const server::DecisionNote& note) const;
  void log_stream(const Rpc& rpc, const IpAddress& peer) const;

  server::Service& service_;
  rls::RateLimitService& rate_limits_;
  net::EventLoop& loop_;
  GrpcLimits limits_;
  std::unique_ptr<GrpcMetrics> metrics_;
  MessageReader reader_;
  Gzip gzip_;
  RateLimitCall at_once_;  // for calls that do not have to wait
  std::string reply_;      // a framed message; its writer sends it before anything else can happen
  std::string compressed_;
  server::Desk<RateLimitCall> desk_;  // of calls that wait
  std::unordered_map<http::Exchange*, Conversation> conversations_;
  net::Timer watch_;  // runs while there are watchers
};

}  // namespace rateguard::grpc

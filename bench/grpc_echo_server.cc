// What gRPC++ takes to answer the same messages: an asynchronous server, one thread, that decides nothing. Every call
// is answered OK, one status for each descriptor. Prints "ready grpc=127.0.0.1:PORT".
#include <envoy/service/ratelimit/v3/rls.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>

namespace {

namespace rls = envoy::service::ratelimit::v3;

// Calls that wait to be made: as many as the load has under way.
constexpr int kCallsAtOnce = 512;

struct Server {
  rls::RateLimitService::AsyncService service;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
};

// One call, from waiting for it until it is answered; then another takes its place.
class Call {
 public:
  explicit Call(Server& server) : server_(server), writer_(&context_) {
    server_.service.RequestShouldRateLimit(&context_, &request_, &writer_, server_.queue.get(), server_.queue.get(),
                                           this);
  }

  void proceed(bool ok) {
    if (answered_ || !ok) {
      if (ok || answered_) new Call(server_);
      delete this;
      return;
    }
    answered_ = true;
    response_.set_overall_code(rls::RateLimitResponse::OK);
    for (int i = 0; i < request_.descriptors_size(); ++i) {
      auto& status = *response_.add_statuses();
      status.set_code(rls::RateLimitResponse::OK);
      status.mutable_current_limit()->set_requests_per_unit(1'000'000);
      status.mutable_current_limit()->set_unit(rls::RateLimitResponse::RateLimit::SECOND);
      status.set_limit_remaining(999'999);
      status.mutable_duration_until_reset()->set_seconds(1);
    }
    writer_.Finish(response_, grpc::Status::OK, this);
  }

 private:
  Server& server_;
  grpc::ServerContext context_;
  rls::RateLimitRequest request_;
  rls::RateLimitResponse response_;
  grpc::ServerAsyncResponseWriter<rls::RateLimitResponse> writer_;
  bool answered_ = false;
};

}  // namespace

int main() {
  Server server;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&server.service);
  server.queue = builder.AddCompletionQueue();
  const std::unique_ptr<grpc::Server> running = builder.BuildAndStart();
  if (running == nullptr) return 1;
  for (int i = 0; i < kCallsAtOnce; ++i) new Call(server);
  std::printf("ready grpc=127.0.0.1:%d\n", port);
  std::fflush(stdout);
  void* tag = nullptr;
  bool ok = false;
  while (server.queue->Next(&tag, &ok)) static_cast<Call*>(tag)->proceed(ok);
  return 0;
}

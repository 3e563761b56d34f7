// Our HTTP session with a handler that decides nothing: what the session alone costs, beside the bare epoll server.
#include <cstdio>

#include "http/server/server.h"
#include "net/clock.h"
#include "net/event_loop.h"

namespace {

using namespace rateguard;

class ConstantHandler final : public http::Handler {
 public:
  void handle(http::Exchange& responder, Now) override {
    responder.status(200);
    responder.header("RateLimit-Policy", "\"ad_hoc\";q=4000000000;w=1000");
    responder.header("RateLimit", "\"ad_hoc\";r=3999999999;t=1");
    responder.body(
        "application/json",
        R"({"allowed":true,"limit":4000000000,"remaining":3999999999,"retry_after_ms":0,"reset_after_ms":1,"rule":null,"degraded":false})");
  }
  void reject(const http::Rejection& rejection, Instant, http::Responder& responder) override {
    responder.status(rejection.status);
    responder.body("text/plain", rejection.detail);
  }
};

}  // namespace

int main() {
  net::SystemClock clock;
  auto loop = net::EventLoop::create(clock);
  if (!loop) return 1;
  ConstantHandler handler;
  http::Server server({});
  const auto port = server.start(**loop, handler);
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().to_string().c_str());
    return 1;
  }
  std::printf("ready http=127.0.0.1:%d\n", *port);
  std::fflush(stdout);
  (*loop)->run();
}

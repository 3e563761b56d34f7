// A reverse proxy: HTTP/1.1 and HTTP/2 in, HTTP/1.1 or HTTP/2 out, everything streamed.
//   echo_gateway UPSTREAM_PORT [h2]
// Listens on a port of 127.0.0.1, which it prints, and passes everything on to the upstream on the same machine.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "http/relay/relay.h"
#include "http/server/server.h"
#include "net/clock.h"

namespace http = rateguard::http;

class Gateway final : public http::Handler {
 public:
  Gateway(rateguard::net::EventLoop& loop, http::Origin upstream)
      : client_(loop), upstream_(std::make_shared<const http::Origin>(std::move(upstream))) {}

  bool streams() const override { return true; }
  http::BodyDelivery delivery(const http::Request&) override { return http::BodyDelivery::kPieces; }
  void handle(http::Exchange& exchange, rateguard::Now) override {
    http::relay(
        exchange, client_, upstream_,
        {.timeouts = {.connect = rateguard::Duration::seconds(1), .first_byte = rateguard::Duration::seconds(30)}});
  }
  void reject(const http::Rejection& rejection, rateguard::Instant, http::Responder& answer) override {
    answer.status(rejection.status);
    answer.body("text/plain", rejection.detail);
  }

 private:
  http::Client client_;
  std::shared_ptr<const http::Origin> upstream_;
};

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  rateguard::net::SystemClock clock;
  const auto loop = rateguard::net::EventLoop::create(clock).value();
  const bool http2 = argc > 2 && std::string_view(argv[2]) == "h2";
  Gateway gateway(*loop, {.target = {.host = "127.0.0.1", .port = static_cast<uint16_t>(std::atoi(argv[1]))},
                          .protocols = http2 ? http::Protocols::kHttp2 : http::Protocols::kHttp1});
  http::Server server({});
  fmt::print("{}\n", server.start(*loop, gateway).value());
  std::fflush(stdout);
  loop->run();
}

// gRPC from end to end: bytes on a real connection, through HTTP/2 and gRPC to the store, and the answers back.
//
// The first byte says how: its lowest bit, whether the client's preface is put ahead; the rest, where what is sent is
// cut in two. Whatever arrives, what comes back begins as HTTP/2 does, the connection ends, and the next one is served.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <future>
#include <string>
#include <string_view>
#include <thread>

#include "base/check.h"
#include "envoy/specs_for_tests.h"
#include "net/clock.h"
#include "net/http2_server.h"
#include "server/grpc/grpc_api.h"
#include "store/memory/memory_store.h"

namespace rateguard::grpc {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"sv;

// One server for the whole run, on a thread of its own.
class Server {
 public:
  Server() : server_(options()) {
    rate_limits_.set_policy(
        {.limits = envoy::compiled({envoy::leaf("user", "", envoy::per_unit(2, envoy::Unit::kHour))}).value()});
    port_ = server_.start(*loop_, api_).value();
    thread_ = std::thread([this] { loop_->run(); });
    thread_.detach();  // libFuzzer ends the process
  }

  int connect_to() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // libFuzzer's timer interrupts what blocks.
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    RG_CHECK(TEMP_FAILURE_RETRY(connect(fd, to, sizeof address)) == 0);
    // A run makes thousands of connections a second: none of them is to wait in TIME_WAIT.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return fd;
  }

  // Returns when the server is done with every connection, so that what it has freed is freed before the next input.
  void settle() {
    while (server_.stats().connections_open != 0) std::this_thread::yield();
    std::promise<void> turn;
    loop_->post([&turn] { turn.set_value(); });
    turn.get_future().wait();
    RG_CHECK(server_.stats().streams_open == 0);
  }

 private:
  static net::Http2ServerOptions options() {
    net::Http2ServerOptions options;
    options.header_bytes_max = 4'096;
    options.body_bytes_max = 8'192;
    options.read_timeout = Duration::millis(200);
    return options;
  }

  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  std::unique_ptr<MemoryStore> store_ = MemoryStore::create({.max_keys = 1'000}).value();
  server::Service service_{*store_};
  rls::RateLimitService rate_limits_{service_};
  GrpcApi api_{service_, rate_limits_, *loop_, {.message_bytes_max = 8'187}};
  net::Http2Server server_;
  uint16_t port_ = 0;
  std::thread thread_;
};

std::string everything_from(int fd) {
  std::string all;
  char block[16'384];
  for (ssize_t got = 0; (got = TEMP_FAILURE_RETRY(recv(fd, block, sizeof block, 0))) > 0;) {
    all.append(block, static_cast<size_t>(got));
  }
  return all;
}

void send_all(int fd, std::string_view bytes, size_t first) {
  for (const std::string_view piece : {bytes.substr(0, first), bytes.substr(first)}) {
    if (!piece.empty()) (void)send(fd, piece.data(), piece.size(), MSG_NOSIGNAL);
  }
  shutdown(fd, SHUT_WR);
}

}  // namespace
}  // namespace rateguard::grpc

// The counters' window logs are named from the store's own pages, which LeakSanitizer does not search.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard::grpc;
  static Server* const server = new Server();
  if (size == 0 || size > 16'384) return 0;
  std::string bytes((data[0] & 1) != 0 ? kPreface : std::string_view());
  bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  const int fd = server->connect_to();
  send_all(fd, bytes, bytes.size() * (data[0] >> 1) / 128);
  const std::string answers = everything_from(fd);
  close(fd);
  server->settle();
  RG_CHECK(answers.size() >= 4 && answers[3] == 4);  // SETTINGS come first
  return 0;
}

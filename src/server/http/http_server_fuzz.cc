// HTTP from end to end: bytes on a real connection, through the session and the API to the store, and the answers back.
//
// Whatever arrives, everything that comes back is answers in the form of HTTP, the connection ends, and the next one is
// served.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <future>
#include <string>
#include <string_view>
#include <thread>

#include "base/check.h"
#include "net/clock.h"
#include "net/event_loop.h"
#include "net/server.h"
#include "server/http/http_api.h"
#include "store/memory/memory_store.h"

namespace rateguard::http {
namespace {

rules::Rule rule(std::string name, rules::PartKind per, Limit limit) {
  rules::Rule made;
  made.name = std::move(name);
  made.per = {rules::Part{.kind = per}};
  made.limit = limit;
  return made;
}

Policy some_policy() {
  std::vector<rules::Rule> rules;
  rules.push_back(rule("login", rules::PartKind::kIp, Limit::sliding_window_log(5, Duration::seconds(60)).value()));
  rules.push_back(rule("api", rules::PartKind::kRoute, Limit::token_bucket(20, Rate{.units = 100}).value()));
  rules.push_back(rule("slots", rules::PartKind::kGlobal, Limit::concurrency(5, Duration::seconds(60)).value()));
  identify::Settings identity;
  identity.trusted_proxies = {IpPrefix::parse("127.0.0.0/8").value()};
  return {.rules = rules::RuleSet::compile(std::move(rules)).value(),
          .identifier = identify::Identifier::create(std::move(identity)).value()};
}

// One server for the whole run, on a thread of its own.
class Server {
 public:
  Server() : api_(service_, some_policy()) {
    net::HttpServerOptions options;
    options.limits = {.header_bytes_max = 4096, .headers_max = 32, .body_bytes_max = 8192};
    options.read_timeout = Duration::millis(200);
    server_ = std::make_unique<net::HttpServer>(options);
    port_ = server_->start(*loop_, api_).value();
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
  void settle() const {
    while (server_->stats().connections_open != 0) std::this_thread::yield();
    std::promise<void> turn;
    loop_->post([&turn] { turn.set_value(); });
    turn.get_future().wait();
  }

 private:
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  std::unique_ptr<MemoryStore> store_ = MemoryStore::create({.max_keys = 1000}).value();
  server::Service service_{*store_};
  HttpApi api_;
  std::unique_ptr<net::HttpServer> server_;
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

// Sends in two pieces, since nothing says that a request arrives at once.
void send_all(int fd, std::string_view bytes, size_t first) {
  for (const std::string_view piece : {bytes.substr(0, first), bytes.substr(first)}) {
    if (!piece.empty()) (void)send(fd, piece.data(), piece.size(), MSG_NOSIGNAL);
  }
  shutdown(fd, SHUT_WR);
}

}  // namespace
}  // namespace rateguard::http

// The counters' window logs are named from the store's own pages, which LeakSanitizer does not search.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard::http;
  static const Server* const server = new Server();
  if (size == 0 || size > 16'384) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const int fd = server->connect_to();
  send_all(fd, bytes, bytes.size() * data[0] / 256);
  const std::string answers = everything_from(fd);
  close(fd);
  server->settle();
  RG_CHECK(answers.empty() || answers.starts_with("HTTP/1.1 "));
  return 0;
}

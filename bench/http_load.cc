// A load of HTTP requests in closed loop: every connection sends its next request when it has read the answer to the
// last one. One thread, its own epoll set, so that the client is not what is measured.
//   http_load PORT SECONDS [CONNECTIONS [MODE]]      MODE: check (default) | health
// Prints one JSON object: {"requests_per_second":N,"p50_us":N,"p99_us":N,"p999_us":N,"requests":N,"answer_bytes":N}
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "latency.h"

namespace {

struct Connection {
  int socket = -1;
  int64_t sent_at = 0;
  std::string request;
  std::string answer;
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

std::string make_request(int connection, std::string_view mode) {
  if (mode == "health") return "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  // Capacity enough that every answer is the same kind; a key for each connection.
  const std::string key = R"("key":"user:)" + std::to_string(1'000 + connection) + '"';
  const std::string body =
      mode == "rule" ? R"({"rule":"bench",)" + key + '}'
                     : '{' + key + R"(,"algorithm":"token_bucket","capacity":4000000000,"refill_rate":4000000})";
  return "POST /check HTTP/1.1\r\nHost: localhost\r\nUser-Agent: http_load\r\nAccept: */*\r\n"
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

int connect_to(uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) die("connect");
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return socket;
}

void send_request(Connection& connection) {
  connection.sent_at = now_ns();
  const auto size = static_cast<ssize_t>(connection.request.size());
  if (::send(connection.socket, connection.request.data(), connection.request.size(), MSG_NOSIGNAL) != size)
    die("send");
}

// Whether the answer is whole: its head has ended and Content-Length bytes followed. Ends the program on a bad status.
bool is_whole(std::string_view answer) {
  const size_t end = answer.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  if (!answer.starts_with("HTTP/1.1 200")) {
    std::fprintf(stderr, "unexpected answer:\n%.*s\n", static_cast<int>(answer.size()), answer.data());
    std::exit(1);
  }
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const size_t field = answer.find(kLength);
  size_t length = 0;
  std::from_chars(answer.data() + field + kLength.size(), answer.data() + end, length);
  return answer.size() >= end + 4 + length;
}

struct Run {
  LatencyHistogram latencies;
  size_t answer_bytes = 0;
};

void run_for(std::vector<Connection>& connections, int epoll, double seconds, Run& run) {
  const int64_t end = now_ns() + static_cast<int64_t>(seconds * 1e9);
  std::array<epoll_event, 128> events;
  std::array<char, 16'384> buffer;
  while (now_ns() < end) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1'000);
    for (int i = 0; i < count; ++i) {
      Connection& connection = connections[events[static_cast<size_t>(i)].data.u32];
      const ssize_t received = ::recv(connection.socket, buffer.data(), buffer.size(), 0);
      if (received <= 0) die("the server closed a connection");
      const std::string_view part(buffer.data(), static_cast<size_t>(received));
      std::string_view answer = part;
      if (!connection.answer.empty()) answer = connection.answer.append(part);
      if (!is_whole(answer)) {
        if (connection.answer.empty()) connection.answer = part;
        continue;
      }
      run.latencies.add(now_ns() - connection.sent_at);
      run.answer_bytes = answer.size();
      connection.answer.clear();
      send_request(connection);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: http_load PORT SECONDS [CONNECTIONS [check|health|rule]]\n");
    return 2;
  }
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  const double seconds = std::atof(argv[2]);
  const int count = argc > 3 ? std::atoi(argv[3]) : 32;
  const std::string_view mode = argc > 4 ? argv[4] : "check";
  std::vector<Connection> connections(static_cast<size_t>(count));
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < count; ++i) {
    Connection& connection = connections[static_cast<size_t>(i)];
    connection.socket = connect_to(port);
    connection.request = make_request(i, mode);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<uint32_t>(i);
    epoll_ctl(epoll, EPOLL_CTL_ADD, connection.socket, &event);
    send_request(connection);
  }
  Run warm_up;
  run_for(connections, epoll, std::min(0.3, seconds / 4), warm_up);
  Run run;
  const int64_t start = now_ns();
  run_for(connections, epoll, seconds, run);
  const double elapsed = static_cast<double>(now_ns() - start) / 1e9;
  std::printf(
      "{\"requests_per_second\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"requests\":%llu,"
      "\"answer_bytes\":%zu}\n",
      static_cast<double>(run.latencies.count()) / elapsed, quantile_us(run.latencies, 0.5),
      quantile_us(run.latencies, 0.99), quantile_us(run.latencies, 0.999),
      static_cast<unsigned long long>(run.latencies.count()), run.answer_bytes);
  return 0;
}

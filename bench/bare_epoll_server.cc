// The limit that POST /check is measured against: one thread, one epoll set, one recv and one send for whatever comes,
// and always the same answer, of the size that a decision has. It parses nothing and checks nothing.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

// As the service answers a check of a token bucket, to the byte but for the figures.
std::string make_answer() {
  const std::string body =
      R"({"allowed":true,"limit":4000000000,"remaining":3999999999,"retry_after_ms":0,"reset_after_ms":1,"rule":null,"degraded":false})";
  return "HTTP/1.1 200 OK\r\n"
         "RateLimit-Policy: \"ad_hoc\";q=4000000000;w=1000\r\n"
         "RateLimit: \"ad_hoc\";r=3999999999;t=1\r\n"
         "Content-Type: application/json\r\n"
         "Content-Length: " +
         std::to_string(body.size()) +
         "\r\n"
         "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n" +
         body;
}

int listen_on_loopback() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 || ::listen(socket, 128) != 0) {
    std::perror("listen");
    std::exit(1);
  }
  socklen_t size = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("ready http=127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return socket;
}

}  // namespace

int main() {
  const std::string answer = make_answer();
  const int listener = listen_on_loopback();
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener;
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::array<epoll_event, 128> events;
  std::array<char, 65'536> buffer;
  for (;;) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int socket = events[static_cast<size_t>(i)].data.fd;
      if (socket == listener) {
        event.data.fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (event.data.fd >= 0) epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
        continue;
      }
      const ssize_t received = ::recv(socket, buffer.data(), buffer.size(), 0);
      if (received <= 0 || ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) ::close(socket);
    }
  }
}

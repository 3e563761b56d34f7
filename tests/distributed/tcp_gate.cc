#include "distributed/tcp_gate.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

namespace rateguard::test {
namespace {

// Which of the server's chunks is cut, counted over all connections: rare enough that a connection comes to be used.
constexpr uint64_t kChunksPerCut = 10;
// How exactly delays are kept.
constexpr int kTickMs = 2;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void make_ready(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(descriptor, F_SETFL, O_NONBLOCK);
}

}  // namespace

TcpGate::TcpGate(uint16_t server_port) : server_port_(server_port), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  listen();
  thread_ = std::thread([this] { run(); });
}

TcpGate::~TcpGate() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  eventfd_write(wake_, 1);
  thread_.join();
  ::close(wake_);
}

void TcpGate::set(Weather weather) {
  {
    const std::lock_guard lock(mutex_);
    next_ = std::move(weather);
  }
  eventfd_write(wake_, 1);
}

void TcpGate::listen() {
  if (listener_ >= 0) return;
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = loopback(port_);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0) std::abort();
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

void TcpGate::stop_listening() {
  if (listener_ >= 0) ::close(std::exchange(listener_, -1));
}

void TcpGate::run() {
  while (true) {
    wait();
    {
      const std::lock_guard lock(mutex_);
      weather_ = next_;
      if (ends_) break;
    }
    if (weather_.kind == Weather::Kind::kRefuses) {
      stop_listening();
      for (Pair& pair : pairs_) pair.is_gone = true;
    } else {
      listen();
      accept();
    }
    const Time now = std::chrono::steady_clock::now();
    for (Pair& pair : pairs_) {
      if (weather_.kind == Weather::Kind::kStuck) break;
      for (Way* way : {&pair.up, &pair.down}) {
        if (!pair.is_gone) take(pair, *way);
        if (!pair.is_gone) pass_on(pair, *way, now);
      }
      if (pair.is_over && pair.up.held.empty() && pair.down.held.empty()) pair.is_gone = true;
    }
    std::erase_if(pairs_, [](const Pair& pair) {
      if (!pair.is_gone) return false;
      ::close(pair.up.from);
      ::close(pair.up.to);
      return true;
    });
  }
  stop_listening();
  for (const Pair& pair : pairs_) {
    ::close(pair.up.from);
    ::close(pair.up.to);
  }
}

// Until something comes, or a delay may have passed.
void TcpGate::wait() {
  std::vector<pollfd> watched = {{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};  // poll overlooks -1
  bool is_holding = false;
  for (const Pair& pair : pairs_) {
    if (weather_.kind == Weather::Kind::kStuck) break;
    is_holding = is_holding || !pair.up.held.empty() || !pair.down.held.empty();
    if (pair.is_over) continue;
    watched.push_back({pair.up.from, POLLIN, 0});
    watched.push_back({pair.down.from, POLLIN, 0});
  }
  ::poll(watched.data(), watched.size(), is_holding ? kTickMs : 1'000);
  eventfd_t ignored = 0;
  eventfd_read(wake_, &ignored);
}

void TcpGate::accept() {
  while (true) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(server_port_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(server);
      ::close(client);
      continue;
    }
    make_ready(client);
    make_ready(server);
    pairs_.push_back({.up = {.from = client, .to = server}, .down = {.from = server, .to = client}});
  }
}

void TcpGate::take(Pair& pair, Way& way) {
  while (!pair.is_over) {
    char buffer[65'536];
    const ssize_t size = ::recv(way.from, buffer, sizeof buffer, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      pair.is_over = true;
      return;
    }
    std::string bytes(buffer, static_cast<size_t>(size));
    if (&way == &pair.down) {
      if (weather_.kind == Weather::Kind::kGarbage) bytes = weather_.words;
      if (weather_.kind == Weather::Kind::kCuts && ++chunks_ % kChunksPerCut == 0) {
        bytes.resize(bytes.size() / 2);
        pair.is_over = true;
      }
    }
    way.held.push_back({std::chrono::steady_clock::now(), std::move(bytes)});
  }
}

void TcpGate::pass_on(Pair& pair, Way& way, Time now) const {
  const auto delay = &way == &pair.down ? weather_.delay : std::chrono::milliseconds(0);
  while (!way.held.empty() && (way.held.front().came + delay <= now || delay.count() == 0)) {
    std::string& bytes = way.held.front().bytes;
    const ssize_t sent = ::send(way.to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) {
      pair.is_gone = true;
      return;
    }
    bytes.erase(0, static_cast<size_t>(sent));
    if (bytes.empty()) way.held.pop_front();
  }
}

}  // namespace rateguard::test

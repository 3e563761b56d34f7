#include "support/redis/relay.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <vector>

namespace rateguard::test {
namespace {

sockaddr_in address_at(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// False: there is no more to come.
bool pass_on(int from, int to) {
  std::array<char, 65'536> buffer;
  const ssize_t bytes = recv(from, buffer.data(), buffer.size(), 0);
  if (bytes <= 0) return false;
  return send(to, buffer.data(), static_cast<size_t>(bytes), MSG_NOSIGNAL) == bytes;
}

}  // namespace

Relay::Relay(uint16_t server_port)
    : server_port_(server_port),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      wake_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address = address_at(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0) std::abort();
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  eventfd_write(wake_, 1);
  thread_.join();
  for (const Pair& pair : pairs_) {
    close(pair.client);
    close(pair.server);
  }
  close(listener_);
  close(wake_);
}

void Relay::run() {
  while (true) {
    std::vector<pollfd> ready = {{.fd = wake_, .events = POLLIN, .revents = 0},
                                 {.fd = listener_, .events = POLLIN, .revents = 0}};
    for (const Pair& pair : pairs_) {
      ready.push_back({.fd = pair.client, .events = POLLIN, .revents = 0});
      ready.push_back({.fd = pair.server, .events = POLLIN, .revents = 0});
    }
    if (poll(ready.data(), ready.size(), -1) < 0) continue;
    if (ready[0].revents != 0) return;
    size_t at = 2;
    for (auto pair = pairs_.begin(); pair != pairs_.end(); at += 2) {
      const bool lives = (ready[at].revents == 0 || pass_on(pair->client, pair->server)) &&
                         (ready[at + 1].revents == 0 || pass_on(pair->server, pair->client));
      if (lives) {
        ++pair;
        continue;
      }
      close(pair->client);
      close(pair->server);
      pair = pairs_.erase(pair);
    }
    if (ready[1].revents != 0) accept();
  }
}

void Relay::accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = address_at(server_port_);
  ++connections_;
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    pairs_.push_back({client, server});
    return;
  }
  close(client);
  close(server);
}

}  // namespace rateguard::test

#include "net/listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rateguard::net {
namespace {

constexpr int kBacklog = 4'096;                     // the kernel's own bound (somaxconn) may be lower
constexpr int kAcceptsPerWakeUp = 64;               // then open connections get their turn
constexpr Duration kPause = Duration::millis(100);  // when out of descriptors or memory: long enough not to spin

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

std::string shown(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::unexpected<Error> listen_error(const ListenAddress& address, int error) {
  const std::string choose = "; choose another with " + std::string(address.option);
  switch (error) {
    case EADDRINUSE:
      return fail(ErrorCode::kIo, "address already in use: another process listens on " + shown(address) + choose);
    case EACCES:
      return fail(ErrorCode::kIo, "no permission to listen on " + shown(address) +
                                      ": ports below 1024 need root or CAP_NET_BIND_SERVICE" + choose);
    case EADDRNOTAVAIL:
      return fail(ErrorCode::kIo,
                  "cannot listen on " + shown(address) + ": no interface of this machine has that address" + choose);
    default:
      return fail(ErrorCode::kIo, "cannot listen on " + shown(address) + ": " + std::strerror(error));
  }
}

void set_option(int socket, int level, int option, int value) {
  setsockopt(socket, level, option, &value, sizeof(value));
}

// A bound socket, or -1 and errno.
int bound_socket(const addrinfo& where, PortSharing sharing) {
  const int socket = ::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (socket < 0) return -1;
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (sharing == PortSharing::kJoin) set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1);
  if (where.ai_family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);  // accepted sockets inherit it
  if (::bind(socket, where.ai_addr, where.ai_addrlen) == 0) return socket;
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

IpAddress address_of(const sockaddr_storage& storage) {
  IpAddress address;
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof(v6));
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
  } else {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof(v4));
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(address.bytes.data() + 12, &v4.sin_addr, 4);
  }
  return address;
}

uint16_t bound_port(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size);
  // The port is at the same offset in both families.
  sockaddr_in v4{};
  std::memcpy(&v4, &storage, sizeof(v4));
  return ntohs(v4.sin_port);
}

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(EventLoop& loop, const ListenAddress& address, OnAccept on_accept) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  // "localhost" is loopback, whatever a resolver or a missing hosts file says (RFC 6761, section 6.3).
  const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  if (const int code = getaddrinfo(host.c_str(), std::to_string(address.port).c_str(), &hints, &found); code != 0) {
    return invalid("cannot listen on " + shown(address) + ": " + gai_strerror(code));
  }
  const AddressList list(found, &freeaddrinfo);
  if (address.sharing == PortSharing::kFirst && address.port != 0) {
    const int probe = bound_socket(*list, PortSharing::kFirst);
    if (probe < 0) return listen_error(address, errno);
    ::close(probe);
  }
  const int socket = bound_socket(*list, PortSharing::kJoin);
  if (socket < 0) return listen_error(address, errno);
  if (::listen(socket, kBacklog) != 0) {
    const int error = errno;
    ::close(socket);
    return listen_error(address, error);
  }
  std::unique_ptr<Listener> listener(new Listener(loop, socket, bound_port(socket), std::move(on_accept)));
  if (auto watched = loop.watch(socket, EPOLLIN, *listener); !watched) return std::unexpected(watched.error());
  return listener;
}

Listener::Listener(EventLoop& loop, int socket, uint16_t port, OnAccept on_accept)
    : loop_(loop), socket_(socket), port_(port), spare_(open_spare()), on_accept_(std::move(on_accept)) {}

Listener::~Listener() {
  if (socket_ >= 0) {
    loop_.unwatch(socket_, *this);
    ::close(socket_);
  }
  if (spare_ >= 0) ::close(spare_);
}

void Listener::close() {
  if (socket_ < 0) return;
  for (int i = 0; i < kBacklog && accept_one() == Accepted::kOne; ++i) {
  }
  loop_.unwatch(socket_, *this);
  ::close(std::exchange(socket_, -1));
  resume_.cancel();
}

void Listener::on_ready(uint32_t) {
  for (int i = 0; i < kAcceptsPerWakeUp && socket_ >= 0; ++i) {
    switch (accept_one()) {
      case Accepted::kOne:
        break;
      case Accepted::kNone:
        return;
      case Accepted::kNoDescriptor:
        if (!turn_one_away()) return pause();
    }
  }
}

Listener::Accepted Listener::accept_one() {
  sockaddr_storage storage{};
  for (;;) {
    socklen_t size = sizeof(storage);
    const int descriptor = accept4(socket_, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      on_accept_(descriptor, address_of(storage));
      return Accepted::kOne;
    }
    switch (errno) {
      case EAGAIN:
        return Accepted::kNone;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return Accepted::kNoDescriptor;
      default:
        break;  // that connection has ended (accept(2), "Error handling"); try the next
    }
  }
}

// Whether one connection could be taken out of the queue and closed.
bool Listener::turn_one_away() {
  if (spare_ < 0) return false;
  ::close(spare_);
  const int descriptor = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor >= 0) ::close(descriptor);
  spare_ = open_spare();
  return descriptor >= 0;
}

void Listener::pause() {
  loop_.change(socket_, 0, *this);
  resume_ = loop_.after(kPause, [this] {
    if (spare_ < 0) spare_ = open_spare();
    loop_.change(socket_, EPOLLIN, *this);
  });
}

}  // namespace rateguard::net

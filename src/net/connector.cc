#include "net/connector.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "model/ip_address.h"

namespace rateguard::net {

namespace asio = boost::asio;

// Asio asks the system's resolver on a thread of its own. The lookup outlives a connector that is cancelled.
struct Connector::Lookup {
  explicit Lookup(EventLoop& loop) : resolver(loop.context()) {}
  asio::ip::tcp::resolver resolver;
  Connector* owner = nullptr;
};

namespace {

socklen_t write_address(const IpAddress& ip, uint16_t port, sockaddr_storage& out) {
  if (ip.is_v4()) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    std::memcpy(&address.sin_addr, ip.bytes.data() + 12, 4);  // the mapped address ends with it
    std::memcpy(&out, &address, sizeof address);
    return sizeof address;
  }
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  std::memcpy(&address.sin6_addr, ip.bytes.data(), ip.bytes.size());
  std::memcpy(&out, &address, sizeof address);
  return sizeof address;
}

}  // namespace

std::string ConnectTarget::to_string() const {
  if (!path.empty()) return path;
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

void Connector::connect(const ConnectTarget& target, Duration patience, Done done) {
  RG_CHECK(!done_);
  target_ = target;
  done_ = std::move(done);
  addresses_.clear();
  next_address_ = 0;
  reason_.clear();
  deadline_ = loop_.after(patience, [this] { finish(fail(ErrorCode::kUnavailable, "timed out")); });
  if (!target.path.empty()) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (target.path.size() >= sizeof address.sun_path) return finish_later(invalid("the socket's path is too long"));
    std::memcpy(address.sun_path, target.path.data(), target.path.size());
    std::memcpy(&addresses_.emplace_back().bytes, &address, sizeof address);
    addresses_.back().size = sizeof address;
    return try_next();
  }
  // "localhost" is loopback, whatever a resolver or a missing hosts file says (RFC 6761, section 6.3).
  if (const auto ip = IpAddress::parse(target.host == "localhost" ? "127.0.0.1" : target.host)) {
    Address& address = addresses_.emplace_back();
    address.size = write_address(*ip, target.port, address.bytes);
    return try_next();
  }
  look_up();
}

void Connector::look_up() {
  lookup_ = std::make_shared<Lookup>(loop_);
  lookup_->owner = this;
  lookup_->resolver.async_resolve(
      target_.host, std::to_string(target_.port), asio::ip::resolver_base::numeric_service,
      [lookup = lookup_](const boost::system::error_code& error, const asio::ip::tcp::resolver::results_type& found) {
        Connector* const self = lookup->owner;
        if (self == nullptr) return;
        self->lookup_.reset();
        if (error) return self->finish_later(fail(ErrorCode::kUnavailable, "cannot find it: " + error.message()));
        for (const auto& entry : found) {
          const auto endpoint = entry.endpoint();
          Address& address = self->addresses_.emplace_back();
          address.size = static_cast<socklen_t>(std::min(endpoint.size(), sizeof address.bytes));
          std::memcpy(&address.bytes, endpoint.data(), address.size);
        }
        self->try_next();
      });
}

void Connector::try_next() {
  while (next_address_ < addresses_.size()) {
    const Address& address = addresses_[next_address_++];
    descriptor_ = ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor_ >= 0) {
      if (address.bytes.ss_family != AF_UNIX) {
        const int on = 1;
        (void)setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
      const int code = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address.bytes), address.size);
      // A Unix socket whose backlog is full says EAGAIN and does not go on connecting: this counts as refused.
      if ((code == 0 || errno == EINPROGRESS) && loop_.watch(descriptor_, EPOLLOUT, *this)) return;
    }
    reason_ = std::strerror(errno);
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  finish_later(fail(ErrorCode::kUnavailable, reason_.empty() ? "it has no address" : reason_));
}

void Connector::on_ready(uint32_t) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  loop_.unwatch(descriptor_, *this);
  const int descriptor = std::exchange(descriptor_, -1);
  if (error == 0) return finish(descriptor);
  ::close(descriptor);
  reason_ = std::strerror(error);
  try_next();
}

void Connector::finish_later(Result<int> result) {
  finishing_ = loop_.after(Duration{}, [this, result = std::move(result)] { finish(result); });
}

void Connector::finish(Result<int> result) {
  Done done = std::move(done_);
  cancel();
  if (!result)
    result.error().message = fmt::format("cannot connect to {}: {}", target_.to_string(), result.error().message);
  done(std::move(result));
}

void Connector::cancel() {
  done_ = nullptr;
  deadline_.cancel();
  finishing_.cancel();
  if (lookup_) {
    lookup_->owner = nullptr;
    lookup_->resolver.cancel();
    lookup_.reset();
  }
  if (descriptor_ < 0) return;
  loop_.unwatch(descriptor_, *this);
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace rateguard::net

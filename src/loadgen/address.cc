#include "loadgen/address.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace rateguard::loadgen {
namespace {

// The reason why it cannot be connected to, as errno has it; 0: it can.
int try_connect(const addrinfo& address, Duration patience) {
  const int descriptor = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return errno;
  int reason = ::connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (reason == EINPROGRESS) {
    pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
    const int64_t wait_ms = std::min<int64_t>(patience.ceil_millis(), INT32_MAX);
    socklen_t size = sizeof reason;
    if (::poll(&waiting, 1, static_cast<int>(wait_ms)) == 0) {
      reason = ETIMEDOUT;
    } else if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &reason, &size) != 0) {
      reason = errno;
    }
  }
  ::close(descriptor);
  return reason;
}

}  // namespace

Result<Address> find_target(const Plan& plan) {
  const auto failed = [&](std::string_view what, std::string_view why) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot {} {}:{}: {}", what, plan.target.host, plan.target.port, why));
  };
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  // That name is loopback whatever a resolver or a missing hosts file says (RFC 6761, section 6.3).
  const std::string& host = plan.target.host == "localhost" ? "127.0.0.1" : plan.target.host;
  if (const int code = getaddrinfo(host.c_str(), std::to_string(plan.target.port).c_str(), &hints, &list); code != 0) {
    return failed("find", gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(list, freeaddrinfo);
  int reason = 0;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    reason = try_connect(*one, plan.patience);
    if (reason != 0) continue;
    Address address{.size = one->ai_addrlen};
    std::memcpy(&address.bytes, one->ai_addr, one->ai_addrlen);
    return address;
  }
  return failed("connect to", std::strerror(reason));
}

}  // namespace rateguard::loadgen

#include "loadgen/address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

#include "net/clock.h"
#include "net/event_loop.h"

namespace rateguard::loadgen {

Result<net::ConnectTarget> find_target(const Plan& plan) {
  net::SystemClock clock;
  auto loop = net::EventLoop::create(clock);
  if (!loop) return std::unexpected(loop.error());
  Result<int> made = -1;
  net::Connector connector(**loop);
  connector.connect({.host = plan.target.host, .port = plan.target.port}, plan.patience, [&](Result<int> result) {
    made = std::move(result);
    (*loop)->stop();
  });
  (*loop)->run();
  if (!made) return std::unexpected(made.error());
  sockaddr_storage peer = {};
  socklen_t size = sizeof peer;
  std::array<char, NI_MAXHOST> host = {};
  const bool is_known = ::getpeername(*made, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
                        ::getnameinfo(reinterpret_cast<sockaddr*>(&peer), size, host.data(), host.size(), nullptr, 0,
                                      NI_NUMERICHOST) == 0;
  ::close(*made);
  return net::ConnectTarget{.host = is_known ? host.data() : plan.target.host, .port = plan.target.port};
}

}  // namespace rateguard::loadgen

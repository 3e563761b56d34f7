#include "net/connector.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "net/clock.h"

namespace rateguard::net {
namespace {

class ConnectorTest : public testing::Test {
 protected:
  ~ConnectorTest() override {
    for (const int descriptor : open_) ::close(descriptor);
  }
  Result<int> attempt(const ConnectTarget& target, Duration patience = Duration::seconds(10)) {
    std::optional<Result<int>> result;
    Connector connector(*loop_);
    connector.connect(target, patience, [&](Result<int> made) {
      result = std::move(made);
      loop_->stop();
    });
    EXPECT_FALSE(result.has_value()) << "called from within connect()";
    loop_->run();
    if (*result) open_.push_back(**result);
    return *result;
  }
  // A listening socket on loopback, not accepting.
  uint16_t listen() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    open_.push_back(descriptor);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(descriptor, 8), 0);
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  std::vector<int> open_;
};

TEST_F(ConnectorTest, ConnectsByAddressAndByName) {
  const uint16_t port = listen();
  for (const char* const host : {"127.0.0.1", "localhost"}) {
    const auto made = attempt({.host = host, .port = port});
    ASSERT_TRUE(made.has_value()) << host << ": " << made.error().message;
    EXPECT_EQ(::send(*made, "x", 1, 0), 1);
  }
}

TEST_F(ConnectorTest, ConnectsToAUnixSocket) {
  const std::string path = testing::TempDir() + "connector-" + std::to_string(::getpid()) + ".sock";
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  open_.push_back(descriptor);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(descriptor, 8), 0);
  EXPECT_TRUE(attempt({.path = path}).has_value());
  std::filesystem::remove(path);
  const auto gone = attempt({.path = path});
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().message, "cannot connect to " + path + ": No such file or directory");
}

TEST_F(ConnectorTest, SaysWhyItCannot) {
  const uint16_t port = listen();
  ::close(open_.back());
  open_.pop_back();
  const auto refused = attempt({.host = "127.0.0.1", .port = port});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().message, "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  // RFC 6761, section 6.4: never a name that exists.
  EXPECT_FALSE(attempt({.host = "nowhere.invalid", .port = 1}).has_value());
  EXPECT_FALSE(attempt({.path = "/" + std::string(200, 'x')}).has_value());
}

TEST_F(ConnectorTest, GivesUpWhenPatienceEnds) {
  // A backlog that is full: the kernel drops what else comes.
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  open_.push_back(descriptor);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(descriptor, 0), 0);
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  const ConnectTarget target{.host = "127.0.0.1", .port = ntohs(address.sin_port)};
  Result<int> last = 0;
  for (int i = 0; i < 4 && last; ++i) last = attempt(target, Duration::millis(50));
  ASSERT_FALSE(last.has_value());
  EXPECT_EQ(last.error().message, "cannot connect to " + target.to_string() + ": timed out");
}

TEST_F(ConnectorTest, ACancelledAttemptIsNotHeardOf) {
  const uint16_t port = listen();
  Connector connector(*loop_);
  for (const char* const host : {"127.0.0.1", "nowhere.invalid"}) {
    connector.connect({.host = host, .port = port}, Duration::seconds(10), [](const Result<int>&) { FAIL(); });
    connector.cancel();
  }
  const Timer end = loop_->after(Duration::millis(20), [&] { loop_->stop(); });
  loop_->run();
}

}  // namespace
}  // namespace rateguard::net

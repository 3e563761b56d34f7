// Sentinels and the servers that they watch, which fail over.
#include "redis/sentinel.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <optional>

#include "redis/fake_redis_testing.h"
#include "support/redis/redis_servers.h"

namespace rateguard::redis {
namespace {

TEST(RedisSentinels, APrimaryThatDiesIsFollowedThoughASentinelDiesToo) {
  test::RedisSentinels servers;
  ASSERT_TRUE(servers.start());
  net::SystemClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  SentinelSettings settings{.sentinels = {}, .service = test::RedisSentinels::kServiceName, .primary = {}};
  for (const auto& sentinel : servers.sentinels) {
    settings.sentinels.push_back({.target = {.host = "127.0.0.1", .port = sentinel->port()}});
  }
  SentinelConnection connection(*loop, settings, {});
  connection.start();
  const auto increment = [&]() -> int64_t {
    std::optional<int64_t> value;
    connection.primary().call({"INCR", "n"}, Duration::seconds(2),
                              [&](const CommandResult& answer) { value = answer ? (*answer)->integer : -1; });
    EXPECT_TRUE(run_until(*loop, [&] { return value.has_value(); }));
    return *value;
  };
  ASSERT_TRUE(run_until(*loop, [&] { return connection.primary().is_open(); })) << connection.problem();
  EXPECT_EQ(increment(), 1);
  ASSERT_EQ(servers.servers[0]->ask({"WAIT", "2", "5000"}).kind, ReplyKind::kInteger);
  ASSERT_TRUE(run_until(*loop, [&] {
    return servers.servers[1]->ask({"GET", "n"}).text == "1" && servers.servers[2]->ask({"GET", "n"}).text == "1";
  }));

  servers.sentinels[0]->kill();  // the one that is asked
  servers.servers[0]->kill();
  const uint16_t old_port = servers.servers[0]->port();
  ASSERT_TRUE(run_until(
      *loop, [&] { return connection.primary().is_open() && connection.primary().server().target.port != old_port; }))
      << connection.problem() << " / " << connection.primary().problem().message;
  EXPECT_EQ(increment(), 2) << "the replica had the first";
  connection.stop();
}

}  // namespace
}  // namespace rateguard::redis

// What becomes of one Redis server that an instance depends on.
#include <gtest/gtest.h>
#include <signal.h>

#include <optional>
#include <string>

#include "distributed/chaos.h"
#include "distributed/shared_redis.h"

namespace rateguard::test {
namespace {

class ChaosOfAServer : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.start()) << server_.log(); }
  void survive(const Failure& failure) {
    if (!instance_) instance_.emplace(at_port(server_.port()));
    expect_survival(*instance_, failure);
  }

  RedisServer server_{{"--repl-diskless-sync-delay", "0"}};
  std::optional<ChaosInstance> instance_;
};

TEST_F(ChaosOfAServer, KilledAndBackEmpty) {
  survive({.name = "kill -9, back empty and without scripts",
           .begin = [&] { server_.kill(); },
           .end = [&] { EXPECT_TRUE(server_.start()); },
           .data = Data::kGone});
}

TEST_F(ChaosOfAServer, ScriptsForgotten) {
  survive({.name = "SCRIPT FLUSH",
           .begin = [&] { EXPECT_EQ(server_.ask({"SCRIPT", "FLUSH"}).text, "OK"); },
           .lasts = milliseconds(200),
           .is_felt = false});
}

TEST_F(ChaosOfAServer, Stopped) {
  survive({.name = "SIGSTOP for 5 s",
           .begin = [&] { server_.signal(SIGSTOP); },
           .lasts = milliseconds(5'000),
           .end = [&] { server_.signal(SIGCONT); }});
}

TEST_F(ChaosOfAServer, ClientsKilledAgainAndAgain) {
  survive({.name = "CLIENT KILL, 100 times",
           .begin =
               [&] {
                 for (int i = 0; i < 100; ++i) {
                   server_.ask({"CLIENT", "KILL", "TYPE", "normal"});
                   std::this_thread::sleep_for(milliseconds(10));
                 }
               },
           .lasts = milliseconds(0),
           .is_felt = false});
}

TEST_F(ChaosOfAServer, PasswordChanged) {
  const auto set_password = [&](std::string_view password) {
    EXPECT_EQ(server_.ask({"ACL", "SETUSER", "me", "reset", "on", password, "~*", "&*", "+@all"}).text, "OK");
  };
  set_password(">right");
  redis::ServerEndpoint login = at_port(server_.port());
  login.user = "me";
  login.password = "right";
  instance_.emplace(login);
  survive({.name = "wrong password",
           .begin =
               [&] {
                 set_password(">another");
                 server_.ask({"CLIENT", "KILL", "USER", "me"});
               },
           .end = [&] { set_password(">right"); }});
}

TEST_F(ChaosOfAServer, ForbiddenToWrite) {
  EXPECT_EQ(server_.ask({"ACL", "SETUSER", "me", "on", "nopass", "~*", "&*", "+@all"}).text, "OK");
  redis::ServerEndpoint login = at_port(server_.port());
  login.user = "me";
  login.password = "any";
  instance_.emplace(login);
  survive({.name = "no permission",
           .begin = [&] { EXPECT_EQ(server_.ask({"ACL", "SETUSER", "me", "-@write"}).text, "OK"); },
           .end = [&] { EXPECT_EQ(server_.ask({"ACL", "SETUSER", "me", "+@all"}).text, "OK"); }});
}

TEST_F(ChaosOfAServer, OutOfMemory) {
  survive({.name = "full memory, noeviction",
           .begin = [&] { EXPECT_EQ(server_.ask({"CONFIG", "SET", "maxmemory", "1"}).text, "OK"); },
           .end = [&] { EXPECT_EQ(server_.ask({"CONFIG", "SET", "maxmemory", "0"}).text, "OK"); }});
}

TEST_F(ChaosOfAServer, BusyWithAnotherClient) {
  const std::string_view busy = "local from = redis.call('TIME')[1] while redis.call('TIME')[1] - from < 2 do end";
  survive({.name = "busy for 1 to 2 s",
           .begin = [&] { EXPECT_FALSE(server_.ask({"EVAL", busy, "0"}).is_error()); },
           .lasts = milliseconds(0)});
}

// Its own replica takes over, and it answers READONLY, as long as nobody tells the instance where to go.
TEST_F(ChaosOfAServer, MadeAReplica) {
  RedisServer other({"--repl-diskless-sync-delay", "0"});
  ASSERT_TRUE(other.start()) << other.log();
  const std::string port = std::to_string(server_.port());
  const std::string other_port = std::to_string(other.port());
  ASSERT_EQ(other.ask({"REPLICAOF", "127.0.0.1", port}).text, "OK");
  ASSERT_TRUE(
      within(kPatient, [&] { return other.ask({"INFO", "replication"}).text.contains("master_link_status:up"); }));
  survive({.name = "READONLY",
           .begin =
               [&] {
                 EXPECT_EQ(other.ask({"REPLICAOF", "NO", "ONE"}).text, "OK");
                 EXPECT_EQ(server_.ask({"REPLICAOF", "127.0.0.1", other_port}).text, "OK");
               },
           .end = [&] { EXPECT_EQ(server_.ask({"REPLICAOF", "NO", "ONE"}).text, "OK"); },
           .data = Data::kMayBeLost});
}

}  // namespace
}  // namespace rateguard::test

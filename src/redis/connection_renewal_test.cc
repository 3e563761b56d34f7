// A connection that leads to a server which is not the one to ask any more, or which refuses everything.
#include <gtest/gtest.h>

#include "redis/connection.h"
#include "redis/connection_fixture.h"

namespace rateguard::redis {
namespace {

using ConnectionRenewalTest = ConnectionTest;

// An attempt that waits at all waits for longer than a test.
constexpr Duration kHours = Duration::seconds(10'000);
const ConnectionOptions kWaitsForHours = {.backoff_min = kHours, .backoff_max = kHours};

TEST_F(ConnectionRenewalTest, AnErrorOfTheWrongServerEndsTheConnectionAndTheNextIsMadeAtOnce) {
  for (const std::string error :
       {"READONLY You can't write against a read only replica. script: db8d, on @user_script:1.",
        "ERR Error running script (call to f_5f0b): @user_script:1: @user_script: 1: -READONLY You can't write",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "LOADING Redis is loading the dataset in memory", "NOAUTH Authentication required."}) {
    connect_and_wait(kWaitsForHours);
    const int wrong = server_.last().number;
    server_.on_command = [&](FakeServer::Peer& peer, const Words&) {
      peer.send(peer.number == wrong ? "-" + error + "\r\n" : "+done\r\n");
    };
    Heard first;
    Heard behind;
    Heard next;
    connection_->call({"x"}, kPatient, [&](const Answer& answer) {
      into(first)(answer);
      EXPECT_FALSE(connection_->is_open());
      EXPECT_TRUE(connection_->problem().message.contains(error)) << connection_->problem().message;
      call("x", next);  // waits for the connection that is being made
    });
    call("x", behind);
    ASSERT_TRUE(run_until(*loop_, [&] { return next.times == 1; }));
    EXPECT_EQ(first.reply.text, error);
    EXPECT_EQ(behind.failure->fate, Fate::kUnknown);
    EXPECT_EQ(next.reply.text, "done") << error;
    EXPECT_EQ(server_.last().number, wrong + 1);
    EXPECT_EQ(connection_->problem().message, "");
  }
}

TEST_F(ConnectionRenewalTest, WhoHearsTheSameAgainWaitsBeforeTheNext) {
  connect_and_wait(kWaitsForHours);
  server_.on_command = [&](FakeServer::Peer& peer, const Words&) { peer.send("-READONLY it is a replica\r\n"); };
  std::vector<Heard> heard(2);
  for (Heard& one : heard) {
    call("x", one);
    ASSERT_TRUE(run_until(*loop_, [&] { return one.times == 1; }));
    EXPECT_TRUE(one.reply.is_error("READONLY"));
  }
  Heard refused;
  call("x", refused);
  ASSERT_EQ(refused.times, 1) << "nothing is being made that could be waited for";
  EXPECT_TRUE(refused.failure->error.message.contains("READONLY")) << refused.failure->error.message;
  EXPECT_EQ(refused.failure->fate, Fate::kNotSent);
  EXPECT_EQ(server_.peers.size(), 2u);
}

TEST_F(ConnectionRenewalTest, AConnectionThatHearsNothingButErrorsIsMadeAgain) {
  connect_and_wait({.refusals_max = Duration::millis(20)});
  server_.on_command = [](FakeServer::Peer& peer, const Words&) { peer.send("-OOM command not allowed\r\n"); };
  const net::Timer asking =
      loop_->every(Duration::millis(5), [&] { connection_->call({"x"}, kPatient, [](const Answer&) {}); });
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() == 3; }));
}

TEST_F(ConnectionRenewalTest, AGoodAnswerBetweenErrorsKeepsTheConnection) {
  connect_and_wait({.refusals_max = Duration::millis(20)});
  int asked = 0;
  server_.on_command = [&](FakeServer::Peer& peer, const Words&) {
    peer.send(++asked % 2 == 0 ? "-OOM command not allowed\r\n" : "+OK\r\n");
  };
  const net::Timer asking =
      loop_->every(Duration::millis(5), [&] { connection_->call({"x"}, kPatient, [](const Answer&) {}); });
  ASSERT_TRUE(run_until(*loop_, [&] { return asked > 40; }));
  EXPECT_EQ(server_.peers.size(), 1u);
}

// What INFO says of a server that is to hold every key and take writes, by the one section or the other.
TEST_F(ConnectionRenewalTest, AServerThatIsNotWholeOrNotWritableIsNotUsed) {
  struct Case {
    const char* server;
    const char* replication;
    ErrorCode code;
    std::string message;  // empty: it is used
  };
  const std::string url = "redis://127.0.0.1:" + std::to_string(server_.port());
  const Case cases[] = {
      {"redis_mode:standalone", "role:master", {}, ""},
      {"redis_mode:standalone", "role:slave\r\nslave_read_only:0", {}, ""},
      {"redis_mode:cluster", "role:master", ErrorCode::kInvalid,
       "it is a node of a Cluster, which holds some of the keys only; write cluster: [\"" + url +
           "\"] in place of url"},
      {"server_mode:cluster", "role:master", ErrorCode::kInvalid, "it is a node of a Cluster"},
      {"redis_mode:sentinel", "", ErrorCode::kInvalid, "write sentinels: [\"" + url + "\"] and the service"},
      {"redis_mode:standalone", "role:slave\r\nmaster_host:h\r\nmaster_port:7\r\nslave_read_only:1",
       ErrorCode::kUnavailable, "it is a replica of h:7 and cannot be written to"},
  };
  for (const Case& one : cases) {
    server_.greet = [&, usual = server_.greet](const Words& words) {
      if (words[0] != "INFO") return usual(words);
      const std::string text = std::string(words[1] == "server" ? one.server : one.replication) + "\r\n";
      return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    };
    connection_.emplace(
        *loop_,
        Server{
            .target = {.host = "127.0.0.1", .port = server_.port()}, .tls_name = {}, .role = Role::kWholeAndWritable},
        kWaitsForHours);
    connection_->start();
    Heard heard;
    call("x", heard);
    ASSERT_TRUE(run_until(*loop_, [&] { return heard.times == 1; }));
    EXPECT_EQ(heard.failure.has_value(), !one.message.empty()) << one.server << one.replication;
    if (!heard.failure) continue;
    EXPECT_EQ(heard.failure->error.code, one.code) << heard.failure->error.message;
    EXPECT_TRUE(heard.failure->error.message.contains(one.message)) << heard.failure->error.message;
  }
}

}  // namespace
}  // namespace rateguard::redis

// A connection that leads to a server which is not the one to ask any more, or which refuses everything.
#include <gtest/gtest.h>

#include "redis/connection.h"
#include "redis/connection_fixture.h"

namespace rateguard::redis {
namespace {

using ConnectionRenewalTest = ConnectionTest;

// An attempt that waits at all waits for longer than a test.
constexpr Duration kHours = Duration::seconds(10'000);
const ConnectionOptions kWaitsForHours = {.rest_patience = kHours, .backoff_min = kHours, .backoff_max = kHours};

TEST_F(ConnectionRenewalTest, WhatTheWrongServerRefusesIsAskedOnTheNextConnectionWhichIsMadeAtOnce) {
  for (const std::string error :
       {"READONLY You can't write against a read only replica. script: db8d, on @user_script:1.",
        "ERR Error running script (call to f_5f0b): @user_script:1: @user_script: 1: -READONLY You can't write",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "LOADING Redis is loading the dataset in memory", "NOAUTH Authentication required."}) {
    connect_and_wait(kWaitsForHours);
    const int wrong = server_.last().number;
    server_.on_command = [&](FakeRedis::Peer& peer, const Words&) {
      peer.send(peer.number == wrong ? "-" + error + "\r\n" : "+done\r\n");
    };
    server_.commands.clear();
    std::vector<Heard> heard(2);
    for (Heard& one : heard) call("x", one);
    ASSERT_TRUE(run_until(*loop_, [&] { return heard[1].times == 1; }));
    for (const Heard& one : heard) EXPECT_EQ(one.reply.text, "done") << error;
    EXPECT_EQ(server_.commands.size(), 4U) << "each twice";
    EXPECT_EQ(server_.last().number, wrong + 1);
    EXPECT_EQ(connection_->problem().message, "");
  }
}

// A server that is the wrong one to ask, of whose address the next connection reaches another.
class WrongServerTest : public ConnectionTest {
 protected:
  void SetUp() override {
    connect_and_wait(kWaitsForHours);
    answer();
  }
  // What was not answered at once is not waited for.
  void connect_in_a_hurry() {
    server_.peers.clear();
    connect_and_wait({.rest_patience = Duration::millis(1), .backoff_min = kHours, .backoff_max = kHours});
  }
  void answer() {
    server_.on_command = [this](FakeRedis::Peer& peer, const Words& words) {
      peer.send(peer.number == 0 ? wrong_answer(words) : right_answer(words));
    };
  }
  std::string asked() const {
    std::string text;
    for (const Words& words : server_.commands) text += (text.empty() ? "" : " ") + words[0];
    return text;
  }

  std::function<std::string(const Words&)> wrong_answer = [](const Words&) { return "-READONLY it is a replica\r\n"; };
  std::function<std::string(const Words&)> right_answer = [](const Words& words) { return "+" + words[0] + "\r\n"; };
};

TEST_F(WrongServerTest, WhatItMayHaveDoneIsNotAskedAgain) {
  connect_in_a_hurry();
  wrong_answer = [](const Words& words) { return words[0] == "a" ? "-READONLY it is a replica\r\n" : ""; };
  Heard refused;
  Heard unanswered;
  call("a", refused);
  call("b", unanswered);
  ASSERT_TRUE(run_until(*loop_, [&] { return refused.times == 1 && unanswered.times == 1; }));
  EXPECT_EQ(refused.reply.text, "a");
  ASSERT_TRUE(unanswered.failure);
  EXPECT_EQ(unanswered.failure->retry, Retry::kIfIdempotent);
  EXPECT_EQ(asked(), "a b a");
}

TEST_F(WrongServerTest, WhatItAnswersOtherwiseIsAnAnswer) {
  wrong_answer = [](const Words& words) { return words[0] == "b" ? "+done\r\n" : "-READONLY it is a replica\r\n"; };
  std::vector<Heard> heard(3);
  for (size_t i = 0; i < heard.size(); ++i) call(std::string(1, static_cast<char>('a' + i)), heard[i]);
  ASSERT_TRUE(run_until(*loop_, [&] { return heard[2].times == 1; }));
  EXPECT_EQ(heard[1].reply.text, "done");
  EXPECT_EQ(asked(), "a b c a c");
}

TEST_F(WrongServerTest, ItIsAskedNothingMore) {
  connect_in_a_hurry();
  std::vector<Heard> heard(2);
  wrong_answer = [&](const Words& words) {
    if (words[0] == "a") return std::string("-READONLY it is a replica\r\n");
    if (words[0] == "b") call("c", heard[1]);
    return std::string();
  };
  Heard unanswered;
  call("a", heard[0]);
  call("b", unanswered);
  ASSERT_TRUE(run_until(*loop_, [&] { return heard[1].times == 1; }));
  EXPECT_EQ(asked(), "a b a c");
}

TEST_F(WrongServerTest, AScriptIsSentAgainByItsNameAndThenByItsSource) {
  const Script script({"return 1"}, ReplyKind::kInteger);
  right_answer = [](const Words& words) { return words[0] == "EVAL" ? ":1\r\n" : "-NOSCRIPT\r\n"; };
  Heard heard;
  const std::array<std::string_view, 1> keys = {"k"};
  connection_->eval(script, keys, {}, kPatient, into(heard));
  ASSERT_TRUE(run_until(*loop_, [&] { return heard.times == 1; }));
  EXPECT_EQ(heard.reply.integer, 1);
  EXPECT_EQ(asked(), "EVALSHA EVALSHA EVAL");
}

TEST_F(WrongServerTest, ACommandThatIsRefusedTwiceFails) {
  right_answer = wrong_answer;
  Heard heard;
  call("a", heard);
  ASSERT_TRUE(run_until(*loop_, [&] { return heard.times == 1; }));
  EXPECT_TRUE(heard.reply.is_error("READONLY"));
  EXPECT_EQ(asked(), "a a");
  run_for(*loop_, Duration::millis(5));
  EXPECT_EQ(heard.times, 1);
}

TEST_F(WrongServerTest, WhoseSuccessorIsNotThereInTimeIsAFailureThatDidNothing) {
  server_.greet = [](const Words&) { return ""; };
  server_.on_command = [this](FakeRedis::Peer& peer, const Words& words) {
    if (peer.number == 0) peer.send(wrong_answer(words));
  };
  Heard heard;
  call("a", heard, Duration::millis(30));
  ASSERT_TRUE(run_until(*loop_, [&] { return heard.times == 1; }));
  ASSERT_TRUE(heard.failure);
  EXPECT_EQ(heard.failure->retry, Retry::kAlways);
}

TEST_F(WrongServerTest, ThatClosesTheConnectionIsLeftAllTheSame) {
  server_.on_command = [this](FakeRedis::Peer& peer, const Words& words) {
    peer.send(peer.number == 0 ? wrong_answer(words) : right_answer(words));
    if (peer.number == 0) peer.close();
  };
  Heard refused;
  Heard unanswered;
  call("a", refused);
  call("b", unanswered);
  ASSERT_TRUE(run_until(*loop_, [&] { return refused.times == 1; }));
  EXPECT_EQ(refused.reply.text, "a");
  EXPECT_EQ(server_.last().number, 1);
}

TEST_F(WrongServerTest, StoppingMeanwhileFailsCommandsWithTheServersError) {
  Heard refused;
  wrong_answer = [](const Words& words) { return words[0] == "b" ? "+b\r\n" : "-READONLY it is a replica\r\n"; };
  call("a", refused);
  connection_->call({"b"}, kPatient, [&](const CommandResult&) { connection_->stop(); });
  ASSERT_TRUE(run_until(*loop_, [&] { return refused.times == 1; }));
  EXPECT_TRUE(refused.reply.is_error("READONLY"));
  EXPECT_EQ(asked(), "a b");
}

TEST_F(ConnectionRenewalTest, ASecondWrongServerIsLeftAfterAPause) {
  connect_and_wait(kWaitsForHours);
  server_.on_command = [&](FakeRedis::Peer& peer, const Words&) { peer.send("-READONLY it is a replica\r\n"); };
  Heard heard;
  call("x", heard);
  ASSERT_TRUE(run_until(*loop_, [&] { return heard.times == 1; }));
  EXPECT_TRUE(heard.reply.is_error("READONLY"));
  Heard refused;
  call("x", refused);
  ASSERT_EQ(refused.times, 1) << "nothing is being made that could be waited for";
  EXPECT_TRUE(refused.failure->message.contains("READONLY")) << refused.failure->message;
  EXPECT_EQ(refused.failure->retry, Retry::kAlways);
  EXPECT_EQ(server_.peers.size(), 2u);
}

TEST_F(ConnectionRenewalTest, AConnectionThatReceivesOnlyErrorsIsReplaced) {
  connect_and_wait({.refusals_max = Duration::millis(20)});
  server_.on_command = [](FakeRedis::Peer& peer, const Words&) { peer.send("-OOM command not allowed\r\n"); };
  const net::Timer asking =
      loop_->every(Duration::millis(5), [&] { connection_->call({"x"}, kPatient, [](const CommandResult&) {}); });
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() == 3; }));
}

TEST_F(ConnectionRenewalTest, AGoodAnswerBetweenErrorsKeepsTheConnection) {
  connect_and_wait({.refusals_max = Duration::millis(20)});
  int asked = 0;
  server_.on_command = [&](FakeRedis::Peer& peer, const Words&) {
    peer.send(++asked % 2 == 0 ? "-OOM command not allowed\r\n" : "+OK\r\n");
  };
  const net::Timer asking =
      loop_->every(Duration::millis(5), [&] { connection_->call({"x"}, kPatient, [](const CommandResult&) {}); });
  ASSERT_TRUE(run_until(*loop_, [&] { return asked > 40; }));
  EXPECT_EQ(server_.peers.size(), 1u);
}

TEST_F(ConnectionRenewalTest, RedirectionsThatAreFollowedAreGoodAnswers) {
  for (const Redirections redirections : {Redirections::kAnswers, Redirections::kErrors}) {
    server_.peers.clear();
    connect_and_wait({.refusals_max = Duration::millis(20), .redirections = redirections});
    int asked = 0;
    server_.on_command = [&](FakeRedis::Peer& peer, const Words&) {
      const char* const answers[] = {"-MOVED 1 h:7\r\n", "-ASK 1 h:7\r\n", "-TRYAGAIN\r\n"};
      peer.send(answers[++asked % 3]);
    };
    const net::Timer asking =
        loop_->every(Duration::millis(5), [&] { connection_->call({"x"}, kPatient, [](const CommandResult&) {}); });
    ASSERT_TRUE(run_until(*loop_, [&] { return asked > 40; }));
    EXPECT_EQ(server_.peers.size() == 1, redirections == Redirections::kAnswers);
  }
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
        ServerEndpoint{
            .target = {.host = "127.0.0.1", .port = server_.port()}, .tls_name = {}, .role = Role::kWholeAndWritable},
        kWaitsForHours);
    connection_->start();
    Heard heard;
    call("x", heard);
    ASSERT_TRUE(run_until(*loop_, [&] { return heard.times == 1; }));
    EXPECT_EQ(heard.failure.has_value(), !one.message.empty()) << one.server << one.replication;
    if (!heard.failure) continue;
    EXPECT_EQ(heard.failure->code, one.code) << heard.failure->message;
    EXPECT_TRUE(heard.failure->message.contains(one.message)) << heard.failure->message;
  }
}

}  // namespace
}  // namespace rateguard::redis

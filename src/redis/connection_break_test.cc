// What ends a RedisConnection, and what becomes of what was under way.
#include <gtest/gtest.h>

#include <optional>

#include "redis/connection.h"
#include "redis/connection_fixture.h"

namespace rateguard::redis {
namespace {

using ConnectionBreakTest = ConnectionTest;

TEST_F(ConnectionBreakTest, WhatWasSentOnABrokenConnectionIsUnknownAndNeverSentAgain) {
  connect_and_wait();
  say_nothing();
  Heard sent;
  call("once", sent);
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 1; }));
  Heard unsent;
  call("unsent", unsent);  // in the same turn as the break
  server_.last().send("$100\r\nin the midst");
  server_.last().close();
  // The turn's write goes out before the break is seen: what is known of the second is whatever the first says.
  ASSERT_TRUE(run_until(*loop_, [&] { return sent.times == 1 && unsent.times == 1; }));
  ASSERT_TRUE(sent.failure.has_value());
  EXPECT_EQ(sent.failure->retry, Retry::kIfIdempotent);
  EXPECT_NE(sent.failure->message.find("whether the command was carried out is unknown"), std::string::npos);
  ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); }));
  Heard after;
  echo();
  call("after", after);
  ASSERT_TRUE(run_until(*loop_, [&] { return after.times == 1; }));
  EXPECT_EQ(server_.commands, (std::vector<Words>{{"once"}, {"after"}}));
  EXPECT_EQ(after.reply.text, "after");
}

TEST_F(ConnectionBreakTest, WithoutAServerCommandsFailAtOnceAndItComesBack) {
  const uint16_t port = server_.port();
  server_.stop_listening();
  int random_asked = 0;
  connect({.random = [&] { return static_cast<uint64_t>(++random_asked); }});
  Heard waiting;
  call("x", waiting);
  EXPECT_EQ(waiting.times, 0);
  ASSERT_TRUE(run_until(*loop_, [&] { return waiting.times == 1; }));
  EXPECT_EQ(waiting.failure->retry, Retry::kAlways);
  EXPECT_NE(waiting.failure->message.find("Connection refused"), std::string::npos);
  EXPECT_EQ(random_asked, 1);
  Heard at_once;
  call("x", at_once);
  EXPECT_EQ(at_once.times, 1);
  EXPECT_EQ(at_once.failure->retry, Retry::kAlways);
  server_.listen(port);
  ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); }));
  EXPECT_TRUE(connection_->problem().message.empty());
  EXPECT_TRUE(server_.commands.empty());
}

TEST_F(ConnectionBreakTest, AServerThatAcceptsAndIsSilentIsGivenUp) {
  server_.greet = [](const Words&) { return ""; };
  say_nothing();
  connect({.session = {.patience = Duration::millis(20)}});
  Heard heard;
  call("x", heard);
  ASSERT_TRUE(run_until(*loop_, [&] { return heard.times == 1; }));
  EXPECT_EQ(heard.failure->retry, Retry::kAlways);
  EXPECT_NE(heard.failure->message.find("does not answer"), std::string::npos) << heard.failure->message;
}

TEST_F(ConnectionBreakTest, AServerThatAnswersALoginByHalvesIsGivenUpSoon) {
  server_.greet = [usual = server_.greet](const Words& words) {
    return words[0] == "INFO" ? "$900000\r\n" : usual(words);
  };
  connect({.session = {.patience = kPatient, .rest_patience = Duration::millis(20)}});
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() == 2; })) << connection_->problem().message;
  EXPECT_NE(connection_->problem().message.find("answers by halves"), std::string::npos)
      << connection_->problem().message;
}

TEST_F(ConnectionBreakTest, SilenceUnderWayEndsTheConnection) {
  connect_and_wait({.silence_max = Duration::millis(20)});
  say_nothing();
  Heard oldest;
  Heard behind;
  call("x", oldest, Duration::millis(5));
  call("x", behind);
  ASSERT_TRUE(run_until(*loop_, [&] { return behind.times == 1; }));
  EXPECT_EQ(oldest.failure->retry, Retry::kIfIdempotent);
  EXPECT_EQ(behind.failure->retry, Retry::kIfIdempotent);
  EXPECT_NE(behind.failure->message.find("answered nothing in time"), std::string::npos);
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() == 2; }));
}

TEST_F(ConnectionBreakTest, SilenceIsNoFaultWhileTheOldestHasPatience) {
  connect_and_wait({.silence_max = Duration::millis(20)});
  say_nothing();
  Heard slow;
  Heard quick;
  call("slow", slow);
  call("quick", quick, Duration::millis(5));
  run_for(*loop_, Duration::millis(350));  // it is looked for silence three times
  EXPECT_EQ(quick.times, 1);
  EXPECT_EQ(slow.times, 0);
  server_.last().send("+slow\r\n+quick\r\n");
  ASSERT_TRUE(run_until(*loop_, [&] { return slow.times == 1; }));
  EXPECT_EQ(slow.reply.text, "slow");
  EXPECT_EQ(server_.peers.size(), 1u);
  // It ends with its patience.
  call("slow", slow, Duration::millis(50));
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() == 2; }));
  EXPECT_EQ(slow.failure->retry, Retry::kIfIdempotent);
}

TEST_F(ConnectionBreakTest, AServerThatStaysSilentIsGivenMoreTimeWithEachConnection) {
  const Duration silence_max = Duration::millis(60);
  connect_and_wait({.silence_max = silence_max});
  say_nothing();
  const net::Timer asking = loop_->every(
      Duration::millis(5), [&] { connection_->call({"x"}, Duration::millis(2), [](const CommandResult&) {}); });
  for (int i = 0; i < 3; ++i) {
    const Instant since = loop_->now();
    const size_t peers = server_.peers.size();
    ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() > peers; }));
    EXPECT_GE(loop_->now() - since, silence_max * (1 << i));
    ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); }));
  }
}

// One reply has slipped in before the right ones: none of them is taken for an answer.
TEST_F(ConnectionBreakTest, AScriptsReplyOfAnotherKindEndsTheConnectionAtOnce) {
  const Script script({"return 'own'"}, ReplyKind::kString);
  const std::string_view keys[] = {"k"};
  for (const std::string wrong : {":7\r\n", "+OK\r\n", "$-1\r\n", "*1\r\n$3\r\nown\r\n"}) {
    connect_and_wait();
    say_nothing();
    server_.commands.clear();
    const size_t peers = server_.peers.size();
    Heard late;
    std::vector<Heard> heard(3);
    connection_->eval(script, keys, {}, Duration::millis(1), into(late));
    for (Heard& one : heard) connection_->eval(script, keys, {}, kPatient, into(one));
    ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 4 && late.times == 1; }));
    const std::string own = "$3\r\nown\r\n";
    // Whether anybody still waits for the reply or not.
    server_.last().send(wrong.starts_with(':') ? wrong + own + own + own + own : own + wrong + own + own);
    ASSERT_TRUE(run_until(*loop_, [&] { return heard.back().times == 1; }));
    for (const Heard& one : heard) {
      EXPECT_EQ(one.times, 1);
      ASSERT_TRUE(one.failure.has_value()) << one.reply.text;
      EXPECT_EQ(one.failure->code, ErrorCode::kCorrupt);
      EXPECT_EQ(one.failure->retry, Retry::kIfIdempotent);
      EXPECT_NE(one.failure->message.find("can no longer be matched"), std::string::npos);
    }
    EXPECT_EQ(late.times, 1);
    server_.on_command = [&](FakeRedis::Peer& peer, const Words&) { peer.send(own); };
    ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); }));
    EXPECT_EQ(server_.peers.size(), peers + 1);
    Heard after;
    connection_->eval(script, keys, {}, kPatient, into(after));
    ASSERT_TRUE(run_until(*loop_, [&] { return after.times == 1; }));
    EXPECT_EQ(after.reply.text, "own");
  }
}

TEST_F(ConnectionBreakTest, AServerThatClosesTheIdleIsBackAtOnce) {
  // Were they failures, the last would wait for a quarter of a minute.
  connect_and_wait({.backoff_min = Duration::millis(4), .backoff_max = Duration::seconds(3'600)});
  for (int i = 0; i < 13; ++i) {
    const size_t before = server_.peers.size();
    server_.last().close();
    ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() > before && connection_->is_open(); }));
  }
}

TEST_F(ConnectionBreakTest, AServerThatLetsInWhomItDoesNotAnswerIsLeftAloneMoreAndMore) {
  const Script script({"return 'own'"}, ReplyKind::kString);
  server_.on_command = [](FakeRedis::Peer& peer, const Words&) { peer.send(":7\r\n"); };
  connect({.on_change = [&] {
    if (connection_->is_open()) connection_->eval(script, {}, {}, kPatient, [](const CommandResult&) {});
  }});
  run_for(*loop_, Duration::millis(300));
  // After 5, 10, 20, 40, 80 and 160 ms.
  EXPECT_GE(server_.peers.size(), 2U);
  EXPECT_LE(server_.peers.size(), 7U);
}

// Errors are of every script, and other commands may answer what they like.
TEST_F(ConnectionBreakTest, AnErrorOrAnotherCommandsReplyIsNoMismatch) {
  const Script script({"return 'own'"}, ReplyKind::kString);
  const std::string_view keys[] = {"k"};
  connect_and_wait();
  say_nothing();
  std::vector<Heard> heard(3);
  connection_->eval(script, keys, {}, kPatient, into(heard[0]));
  call("x", heard[1]);
  connection_->eval_source(script, RedisConnection::script_tail(keys, {}), kPatient, into(heard[2]));
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 3; }));
  EXPECT_EQ(server_.commands[2], (Words{"EVAL", "return 'own'", "1", "k"}));
  server_.last().send("-BUSY script\r\n:7\r\n$3\r\nown\r\n");
  ASSERT_TRUE(run_until(*loop_, [&] { return heard[2].times == 1; }));
  EXPECT_TRUE(heard[0].reply.is_error("BUSY"));
  EXPECT_EQ(heard[1].reply.integer, 7);
  EXPECT_EQ(heard[2].reply.text, "own");
  EXPECT_EQ(server_.peers.size(), 1u);
}

// A reply has been lost, or swallowed by one that promises more than comes: each that follows is taken for one asked
// before it, and comes too late for that.
TEST_F(ConnectionBreakTest, RepliesThatAreAlwaysLateEndTheConnection) {
  for (const bool is_swallowed : {false, true}) {
    connect_and_wait({.silence_max = Duration::millis(50)});
    const size_t peers = server_.peers.size();
    int commands = 0;
    server_.on_command = [&](FakeRedis::Peer& peer, const Words&) {
      ++commands;
      if (is_swallowed && commands == 1) return peer.send("$500000\r\n");
      if (is_swallowed || commands > 1) peer.send("+OK\r\n");
    };
    int failures = 0;
    const net::Timer asking = loop_->every(Duration::millis(10), [&] {
      connection_->call({"x"}, Duration::millis(2), [&](const CommandResult& answer) { failures += answer ? 0 : 1; });
    });
    ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() > peers; })) << connection_->problem().message;
    EXPECT_GT(failures, 1);
  }
}

TEST_F(ConnectionBreakTest, GarbageAndOversizedRepliesEndTheConnection) {
  for (const std::string& bytes :
       {std::string("?!\r\n"), "$5000\r\n" + std::string(3'000, 'x'), std::string("+1\r\n+2\r\n+3\r\n")}) {
    connect_and_wait({.session = {.reply_bytes_max = 1'000}});
    say_nothing();
    const size_t before = server_.peers.size();
    Heard heard;
    call("x", heard);
    const size_t asked = server_.commands.size() + 1;
    ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == asked; }));
    server_.last().send(bytes);
    ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() > before; }));
    EXPECT_EQ(heard.times, 1);
    if (heard.failure) {
      EXPECT_EQ(heard.failure->code, ErrorCode::kCorrupt) << heard.failure->message;
      EXPECT_EQ(heard.failure->retry, Retry::kIfIdempotent);
    } else {
      EXPECT_EQ(heard.reply.text, "1");  // of three replies to one command the first is its own
    }
  }
}

}  // namespace
}  // namespace rateguard::redis

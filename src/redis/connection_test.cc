#include "redis/connection.h"

#include <gtest/gtest.h>

#include <optional>

#include "redis/connection_fixture.h"

namespace rateguard::redis {
namespace {

TEST_F(ConnectionTest, SendsWhatATurnAskedInOneWriteAndMatchesRepliesInOrder) {
  connect_and_wait();
  echo();
  server_.reads = 0;
  std::vector<Heard> heard(100);
  for (size_t i = 0; i < heard.size(); ++i) call("c" + std::to_string(i), heard[i]);
  EXPECT_EQ(connection_->pending(), heard.size());
  ASSERT_TRUE(run_until(*loop_, [&] { return heard.back().times == 1; }));
  EXPECT_EQ(server_.reads, 1);
  for (size_t i = 0; i < heard.size(); ++i) {
    EXPECT_EQ(heard[i].times, 1);
    EXPECT_EQ(heard[i].reply.text, "c" + std::to_string(i));
  }
  EXPECT_EQ(connection_->pending(), 0u);
}

TEST_F(ConnectionTest, AServerThatHasNothingToDoBeginsBeforeTheTurnEnds) {
  connect_and_wait();
  echo();
  const std::string much(1'000, 'x');
  std::vector<Heard> heard(4);
  call("little", heard[0]);
  EXPECT_EQ(server_.last().unread(), 0) << "it waits for what comes with it";
  call(much, heard[1]);
  const int sent = server_.last().unread();
  EXPECT_GT(sent, 1'000);
  call(much, heard[2]);
  call(much, heard[3]);
  EXPECT_EQ(server_.last().unread(), sent) << "it has something to do now: the rest goes together";
  ASSERT_TRUE(run_until(*loop_, [&] { return heard[3].times == 1; }));
  EXPECT_EQ(heard[0].reply.text, "little");
}

TEST_F(ConnectionTest, RepliesMayComeByteByByte) {
  connect_and_wait();
  say_nothing();
  std::vector<Heard> heard(3);
  for (Heard& one : heard) call("x", one);
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 3; }));
  const std::string stream = "*2\r\n:1\r\n$3\r\na\r\n\r\n-ERR no\r\n$-1\r\n";
  for (const char& c : stream) {
    server_.last().send({&c, 1});
    run_for(*loop_, Duration::millis(1));
  }
  ASSERT_TRUE(run_until(*loop_, [&] { return heard[2].times == 1; }));
  EXPECT_EQ(heard[0].reply.elements[1].text, "a\r\n");
  EXPECT_TRUE(heard[1].reply.is_error("ERR"));
  EXPECT_EQ(heard[2].reply.kind, ReplyKind::kNil);
}

TEST_F(ConnectionTest, LogsInBeforeAnythingElse) {
  ServerEndpoint server{
      .target = {.host = "127.0.0.1", .port = server_.port()}, .user = "me", .password = "pw", .database = 3};
  server.client_name = "name";
  connection_.emplace(*loop_, server, ConnectionOptions{});
  connection_->start();
  Heard heard;
  call("FIRST", heard);  // waits for the connection
  ASSERT_TRUE(run_until(*loop_, [&] { return heard.times == 1; }));
  EXPECT_EQ(server_.greetings,
            (std::vector<Words>{
                {"AUTH", "me", "pw"}, {"PING"}, {"INFO", "server"}, {"SELECT", "3"}, {"CLIENT", "SETNAME", "name"}}));
  EXPECT_EQ(heard.reply.text, "OK");
  EXPECT_EQ(server_.peers.size(), 1u);
}

TEST_F(ConnectionTest, SaysWhyAServerWillNotDo) {
  struct Case {
    const char* command;
    const char* answer;
    ErrorCode code;
    const char* message;
  };
  const Case cases[] = {
      {"AUTH", "-WRONGPASS invalid\r\n", ErrorCode::kInvalid, "it refuses the user or password: WRONGPASS invalid"},
      {"PING", "-NOAUTH Authentication required.\r\n", ErrorCode::kInvalid, "it asks for a password"},
      {"PING", "-LOADING loading\r\n", ErrorCode::kUnavailable, "it is not ready: LOADING loading"},
      {"INFO", "$21\r\nredis_version:4.0.14\n\r\n", ErrorCode::kInvalid, "it is of version 4; 5 or later"},
      {"SELECT", "-ERR DB index is out of range\r\n", ErrorCode::kInvalid, "it refuses database 3: ERR DB"},
      {"ROLE", "*1\r\n$5\r\nslave\r\n", ErrorCode::kUnavailable, "it is not a primary"},
      {"PING", "HTTP/1.1 400 Bad Request\r\n", ErrorCode::kInvalid, "does not speak Redis's protocol"},
      {"PING", ":7\r\n", ErrorCode::kInvalid, "it does not answer a login as Redis does"},
      {"INFO", "*0\r\n", ErrorCode::kInvalid, "it does not answer a login as Redis does"},
      {"ROLE", "+OK\r\n", ErrorCode::kInvalid, "it does not answer a login as Redis does"},
  };
  for (const Case& one : cases) {
    FakeRedis server(*loop_);
    server.greet = [&, usual = server.greet](const Words& words) {
      return words[0] == one.command ? one.answer : words[0] == "ROLE" ? "*1\r\n$6\r\nmaster\r\n" : usual(words);
    };
    RedisConnection connection(*loop_,
                               {.target = {.host = "127.0.0.1", .port = server.port()},
                                .user = {},
                                .password = "pw",
                                .database = 3,
                                .role = Role::kPrimary},
                               {});
    connection.start();
    Heard heard;
    connection.call({"X"}, kPatient, into(heard));
    ASSERT_TRUE(run_until(*loop_, [&] { return heard.times == 1; })) << one.answer;
    ASSERT_TRUE(heard.failure.has_value());
    EXPECT_EQ(heard.failure->code, one.code) << heard.failure->message;
    EXPECT_EQ(heard.failure->retry, Retry::kAlways);
    EXPECT_NE(heard.failure->message.find(one.message), std::string::npos) << heard.failure->message;
    EXPECT_EQ(heard.failure->message.find("pw"), std::string::npos);
  }
}

TEST_F(ConnectionTest, AServerThatMayNotBeAskedItsVersionIsTaken) {
  server_.greet = [](const Words& words) -> std::string {
    if (words[0] == "PING" || words[0] == "INFO" || words[0] == "CLIENT") return "-NOPERM no permissions\r\n";
    return "";
  };
  connect_and_wait();
}

TEST_F(ConnectionTest, ABoundedQueueRefusesAtOnce) {
  connect_and_wait({.pending_max = 2});
  say_nothing();
  std::vector<Heard> heard(3);
  for (Heard& one : heard) call("x", one);
  EXPECT_EQ(heard[2].times, 1);
  ASSERT_TRUE(heard[2].failure.has_value());
  EXPECT_EQ(heard[2].failure->code, ErrorCode::kExhausted);
  EXPECT_EQ(heard[2].failure->retry, Retry::kAlways);
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 2; }));
  server_.last().send("+1\r\n+2\r\n");
  ASSERT_TRUE(run_until(*loop_, [&] { return heard[1].times == 1; }));
  EXPECT_EQ(server_.commands.size(), 2u);
}

TEST_F(ConnectionTest, ALateReplyIsDroppedAndStaysMatched) {
  connect_and_wait();
  say_nothing();
  Heard late;
  Heard next;
  call("late", late, Duration::millis(5));
  call("next", next);
  ASSERT_TRUE(run_until(*loop_, [&] { return late.times == 1; }));
  ASSERT_TRUE(late.failure.has_value());
  EXPECT_EQ(late.failure->code, ErrorCode::kUnavailable);
  EXPECT_EQ(late.failure->retry, Retry::kIfIdempotent);
  EXPECT_EQ(connection_->pending(), 2u);
  server_.last().send("+late\r\n+next\r\n");
  ASSERT_TRUE(run_until(*loop_, [&] { return next.times == 1; }));
  EXPECT_EQ(next.reply.text, "next");
  EXPECT_EQ(late.times, 1);
}

TEST_F(ConnectionTest, OnlyNoscriptIsSentAgain) {
  const Script script({"return 1"}, ReplyKind::kInteger);
  EXPECT_EQ(script.sha(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");  // redis-cli script load "return 1"
  connect_and_wait();
  say_nothing();
  std::vector<Heard> heard(4);
  const std::string_view keys[] = {"k"};
  for (Heard& one : heard) connection_->eval(script, keys, std::vector<std::string_view>{"a", ""}, kPatient, into(one));
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 4; }));
  const Words by_sha = {"EVALSHA", script.sha(), "1", "k", "a", ""};
  EXPECT_EQ(server_.commands, (std::vector<Words>{by_sha, by_sha, by_sha, by_sha}));
  server_.commands.clear();
  server_.last().send("-NOSCRIPT No matching script\r\n-NOSCRIPT\r\n-NOSCRIPTS\r\n-BUSY script\r\n");
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 2; }));
  EXPECT_EQ(server_.commands, (std::vector<Words>{{"EVAL", "return 1", "1", "k", "a", ""}, by_sha}));
  EXPECT_TRUE(heard[2].reply.is_error("NOSCRIPTS"));
  EXPECT_TRUE(heard[3].reply.is_error("BUSY"));
  // The scripts are flushed between the two: the second carries the source after all.
  server_.last().send(":1\r\n-NOSCRIPT again\r\n");
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 3; }));
  EXPECT_EQ(server_.commands[2][0], "EVAL");
  server_.last().send("-NOSCRIPT and for ever\r\n");
  ASSERT_TRUE(run_until(*loop_, [&] { return heard[1].times == 1; }));
  EXPECT_EQ(heard[0].reply.integer, 1);
  EXPECT_TRUE(heard[1].reply.is_error("NOSCRIPT"));
  EXPECT_EQ(server_.commands.size(), 3u);
}

// A server that stops reading: what could not be handed to the kernel in time is taken back.
TEST_F(ConnectionTest, WhatExpiresUnsentIsNeverSeenByTheServer) {
  connect_and_wait({.unsent_bytes_max = size_t{64} << 20});
  echo();
  server_.last().pause();
  const std::string large(size_t{8} << 20, 'x');
  Heard first;
  Heard expired[2];
  Heard kept;
  connection_->call({"large", large}, kPatient, into(first));
  run_for(*loop_, Duration::millis(5));
  call("expired", expired[0], Duration::millis(10));
  call("kept", kept);
  call("expired", expired[1], Duration::millis(10));
  ASSERT_TRUE(run_until(*loop_, [&] { return expired[0].times == 1 && expired[1].times == 1; }));
  for (const Heard& one : expired) EXPECT_EQ(one.failure->retry, Retry::kAlways);
  server_.last().resume();
  ASSERT_TRUE(run_until(*loop_, [&] { return kept.times == 1; }));
  ASSERT_EQ(server_.commands.size(), 2u);
  EXPECT_EQ(server_.commands[0][1].size(), large.size());
  EXPECT_EQ(server_.commands[1], (Words{"kept"}));
  EXPECT_EQ(first.reply.text, "large");
  EXPECT_EQ(kept.reply.text, "kept");
}

// Wherever the stream of replies is cut, every command hears exactly once, and those whose replies were whole hear
// them.
TEST_F(ConnectionTest, ACutAtAnyByteLosesNoCommandAndAnswersNoneTwice) {
  const std::string stream = "+one\r\n$3\r\ntwo\r\n:3\r\n";
  const size_t ends[] = {6, 15, 19};
  connect_and_wait({.backoff_min = Duration::micros(100), .backoff_max = Duration::micros(100)});
  say_nothing();
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); }));
    server_.commands.clear();
    std::vector<Heard> heard(3);
    for (Heard& one : heard) call("x", one);
    ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 3; }));
    server_.last().send(stream.substr(0, cut));
    server_.last().close();
    ASSERT_TRUE(run_until(*loop_, [&] { return heard[2].times == 1; }));
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(heard[i].times, 1);
      EXPECT_EQ(heard[i].failure.has_value(), cut < ends[i]) << cut << " " << i;
    }
  }
}

TEST_F(ConnectionTest, StopAndMoveFailCommandsUnderWay) {
  connect_and_wait();
  say_nothing();
  Heard heard;
  call("x", heard);
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 1; }));
  FakeRedis other(*loop_);
  connection_->move_to({.target = {.host = "127.0.0.1", .port = other.port()}});
  EXPECT_EQ(heard.failure->retry, Retry::kIfIdempotent);
  Heard there;
  call("there", there);
  ASSERT_TRUE(run_until(*loop_, [&] { return there.times == 1; }));
  EXPECT_EQ(other.commands, (std::vector<Words>{{"there"}}));
  Heard again;
  call("x", again);
  connection_->stop();
  EXPECT_EQ(again.failure->retry, Retry::kAlways);
  Heard after;
  call("x", after);
  EXPECT_EQ(after.times, 1);
}

}  // namespace
}  // namespace rateguard::redis

#include "redis/connection.h"

#include <gtest/gtest.h>

#include <optional>

#include "redis/fake_server.h"

namespace rateguard::redis {
namespace {

constexpr Duration kPatient = Duration::seconds(10);

// What became of one command.
struct Heard {
  int times = 0;
  Reply reply = {};
  std::optional<Failure> failure = {};
};

class ConnectionTest : public testing::Test {
 protected:
  void connect(ConnectionOptions options = {}) {
    connection_.emplace(*loop_, Server{.target = {.host = "127.0.0.1", .port = server_.port()}}, std::move(options));
    connection_->start();
  }
  void connect_and_wait(ConnectionOptions options = {}) {
    connect(std::move(options));
    ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); })) << connection_->problem().message;
  }
  AnswerHandler into(Heard& heard) {
    return [&heard](const Answer& answer) {
      ++heard.times;
      if (answer) {
        heard.reply = **answer;
      } else {
        heard.failure = answer.error();
      }
    };
  }
  void call(const std::string& word, Heard& heard, Duration patience = kPatient) {
    connection_->call({word}, patience, into(heard));
  }
  // Answers every command with its first word.
  void echo() {
    server_.on_command = [](FakeServer::Peer& peer, const Words& words) { peer.send("+" + words[0] + "\r\n"); };
  }
  void say_nothing() {
    server_.on_command = [](FakeServer::Peer&, const Words&) {};
  }

  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  FakeServer server_{*loop_};
  std::optional<Connection> connection_;
};

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
  Server server{.target = {.host = "127.0.0.1", .port = server_.port()}, .user = "me", .password = "pw", .database = 3};
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
    FakeServer server(*loop_);
    server.greet = [&, usual = server.greet](const Words& words) {
      return words[0] == one.command ? one.answer : words[0] == "ROLE" ? "*1\r\n$6\r\nmaster\r\n" : usual(words);
    };
    Connection connection(*loop_,
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
    EXPECT_EQ(heard.failure->error.code, one.code) << heard.failure->error.message;
    EXPECT_EQ(heard.failure->fate, Fate::kNotSent);
    EXPECT_NE(heard.failure->error.message.find(one.message), std::string::npos) << heard.failure->error.message;
    EXPECT_EQ(heard.failure->error.message.find("pw"), std::string::npos);
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
  EXPECT_EQ(heard[2].failure->error.code, ErrorCode::kExhausted);
  EXPECT_EQ(heard[2].failure->fate, Fate::kNotSent);
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
  EXPECT_EQ(late.failure->error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(late.failure->fate, Fate::kUnknown);
  EXPECT_EQ(connection_->pending(), 2u);
  server_.last().send("+late\r\n+next\r\n");
  ASSERT_TRUE(run_until(*loop_, [&] { return next.times == 1; }));
  EXPECT_EQ(next.reply.text, "next");
  EXPECT_EQ(late.times, 1);
}

TEST_F(ConnectionTest, WhatWasSentOnABrokenConnectionIsUnknownAndNeverSentAgain) {
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
  EXPECT_EQ(sent.failure->fate, Fate::kUnknown);
  EXPECT_NE(sent.failure->error.message.find("whether the command was carried out is unknown"), std::string::npos);
  ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); }));
  Heard after;
  echo();
  call("after", after);
  ASSERT_TRUE(run_until(*loop_, [&] { return after.times == 1; }));
  EXPECT_EQ(server_.commands, (std::vector<Words>{{"once"}, {"after"}}));
  EXPECT_EQ(after.reply.text, "after");
}

TEST_F(ConnectionTest, WithoutAServerCommandsFailAtOnceAndItComesBack) {
  const uint16_t port = server_.port();
  server_.stop_listening();
  int random_asked = 0;
  connect({.random = [&] { return static_cast<uint64_t>(++random_asked); }});
  Heard waiting;
  call("x", waiting);
  EXPECT_EQ(waiting.times, 0);
  ASSERT_TRUE(run_until(*loop_, [&] { return waiting.times == 1; }));
  EXPECT_EQ(waiting.failure->fate, Fate::kNotSent);
  EXPECT_NE(waiting.failure->error.message.find("Connection refused"), std::string::npos);
  EXPECT_EQ(random_asked, 1);
  Heard at_once;
  call("x", at_once);
  EXPECT_EQ(at_once.times, 1);
  EXPECT_EQ(at_once.failure->fate, Fate::kNotSent);
  server_.listen(port);
  ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); }));
  EXPECT_TRUE(connection_->problem().message.empty());
  EXPECT_TRUE(server_.commands.empty());
}

TEST_F(ConnectionTest, AServerThatAcceptsAndIsSilentIsGivenUp) {
  server_.greet = [](const Words&) { return ""; };
  say_nothing();
  connect({.session = {.patience = Duration::millis(20)}});
  Heard heard;
  call("x", heard);
  ASSERT_TRUE(run_until(*loop_, [&] { return heard.times == 1; }));
  EXPECT_EQ(heard.failure->fate, Fate::kNotSent);
  EXPECT_NE(heard.failure->error.message.find("does not answer"), std::string::npos) << heard.failure->error.message;
}

TEST_F(ConnectionTest, AServerThatAnswersALoginByHalvesIsGivenUpSoon) {
  server_.greet = [usual = server_.greet](const Words& words) {
    return words[0] == "INFO" ? "$900000\r\n" : usual(words);
  };
  connect({.session = {.patience = kPatient, .rest_patience = Duration::millis(20)}});
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() == 2; })) << connection_->problem().message;
  EXPECT_NE(connection_->problem().message.find("answers by halves"), std::string::npos)
      << connection_->problem().message;
}

TEST_F(ConnectionTest, SilenceUnderWayEndsTheConnection) {
  connect_and_wait({.silence_max = Duration::millis(20)});
  say_nothing();
  Heard oldest;
  Heard behind;
  call("x", oldest, Duration::millis(5));
  call("x", behind);
  ASSERT_TRUE(run_until(*loop_, [&] { return behind.times == 1; }));
  EXPECT_EQ(oldest.failure->fate, Fate::kUnknown);
  EXPECT_EQ(behind.failure->fate, Fate::kUnknown);
  EXPECT_NE(behind.failure->error.message.find("answered nothing in time"), std::string::npos);
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() == 2; }));
}

TEST_F(ConnectionTest, SilenceIsNoFaultWhileTheOldestHasPatience) {
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
  EXPECT_EQ(slow.failure->fate, Fate::kUnknown);
}

TEST_F(ConnectionTest, AServerThatStaysSilentIsGivenMoreTimeWithEachConnection) {
  const Duration silence_max = Duration::millis(60);
  connect_and_wait({.silence_max = silence_max});
  say_nothing();
  const net::Timer asking =
      loop_->every(Duration::millis(5), [&] { connection_->call({"x"}, Duration::millis(2), [](const Answer&) {}); });
  for (int i = 0; i < 3; ++i) {
    const Instant since = loop_->now();
    const size_t peers = server_.peers.size();
    ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() > peers; }));
    EXPECT_GE(loop_->now() - since, silence_max * (1 << i));
    ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); }));
  }
}

// One reply has slipped in before the right ones: none of them is taken for an answer.
TEST_F(ConnectionTest, AScriptsReplyOfAnotherKindEndsTheConnectionAtOnce) {
  const Script script("return 'own'", ReplyKind::kString);
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
      EXPECT_EQ(one.failure->error.code, ErrorCode::kCorrupt);
      EXPECT_EQ(one.failure->fate, Fate::kUnknown);
      EXPECT_NE(one.failure->error.message.find("cannot be matched"), std::string::npos);
    }
    EXPECT_EQ(late.times, 1);
    server_.on_command = [&](FakeServer::Peer& peer, const Words&) { peer.send(own); };
    ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); }));
    EXPECT_EQ(server_.peers.size(), peers + 1);
    Heard after;
    connection_->eval(script, keys, {}, kPatient, into(after));
    ASSERT_TRUE(run_until(*loop_, [&] { return after.times == 1; }));
    EXPECT_EQ(after.reply.text, "own");
  }
}

// Errors are of every script, and other commands may answer what they like.
TEST_F(ConnectionTest, AServerThatLetsInWhomItDoesNotAnswerIsLeftAloneMoreAndMore) {
  const Script script("return 'own'", ReplyKind::kString);
  server_.on_command = [](FakeServer::Peer& peer, const Words&) { peer.send(":7\r\n"); };
  connect({.on_change = [&] {
    if (connection_->is_open()) connection_->eval(script, {}, {}, kPatient, [](const Answer&) {});
  }});
  run_for(*loop_, Duration::millis(300));
  // After 5, 10, 20, 40, 80 and 160 ms.
  EXPECT_GE(server_.peers.size(), 2U);
  EXPECT_LE(server_.peers.size(), 7U);
}

TEST_F(ConnectionTest, AnErrorOrAnotherCommandsReplyIsNoMismatch) {
  const Script script("return 'own'", ReplyKind::kString);
  const std::string_view keys[] = {"k"};
  connect_and_wait();
  say_nothing();
  std::vector<Heard> heard(3);
  connection_->eval(script, keys, {}, kPatient, into(heard[0]));
  call("x", heard[1]);
  connection_->eval_source(script, Connection::script_tail(keys, {}), kPatient, into(heard[2]));
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
TEST_F(ConnectionTest, RepliesThatAreAlwaysLateEndTheConnection) {
  for (const bool is_swallowed : {false, true}) {
    connect_and_wait({.silence_max = Duration::millis(50)});
    const size_t peers = server_.peers.size();
    int commands = 0;
    server_.on_command = [&](FakeServer::Peer& peer, const Words&) {
      ++commands;
      if (is_swallowed && commands == 1) return peer.send("$500000\r\n");
      if (is_swallowed || commands > 1) peer.send("+OK\r\n");
    };
    int failures = 0;
    const net::Timer asking = loop_->every(Duration::millis(10), [&] {
      connection_->call({"x"}, Duration::millis(2), [&](const Answer& answer) { failures += answer ? 0 : 1; });
    });
    ASSERT_TRUE(run_until(*loop_, [&] { return server_.peers.size() > peers; })) << connection_->problem().message;
    EXPECT_GT(failures, 1);
  }
}

TEST_F(ConnectionTest, GarbageAndOversizedRepliesEndTheConnection) {
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
      EXPECT_EQ(heard.failure->error.code, ErrorCode::kCorrupt) << heard.failure->error.message;
      EXPECT_EQ(heard.failure->fate, Fate::kUnknown);
    } else {
      EXPECT_EQ(heard.reply.text, "1");  // of three replies to one command the first is its own
    }
  }
}

TEST_F(ConnectionTest, OnlyNoscriptIsSentAgain) {
  const Script script("return 1", ReplyKind::kInteger);
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
  for (const Heard& one : expired) EXPECT_EQ(one.failure->fate, Fate::kNotSent);
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

TEST_F(ConnectionTest, StopAndMoveFailWhatIsUnderWay) {
  connect_and_wait();
  say_nothing();
  Heard heard;
  call("x", heard);
  ASSERT_TRUE(run_until(*loop_, [&] { return server_.commands.size() == 1; }));
  FakeServer other(*loop_);
  connection_->move_to({.target = {.host = "127.0.0.1", .port = other.port()}});
  EXPECT_EQ(heard.failure->fate, Fate::kUnknown);
  Heard there;
  call("there", there);
  ASSERT_TRUE(run_until(*loop_, [&] { return there.times == 1; }));
  EXPECT_EQ(other.commands, (std::vector<Words>{{"there"}}));
  Heard again;
  call("x", again);
  connection_->stop();
  EXPECT_EQ(again.failure->fate, Fate::kNotSent);
  Heard after;
  call("x", after);
  EXPECT_EQ(after.times, 1);
}

}  // namespace
}  // namespace rateguard::redis

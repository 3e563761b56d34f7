// Connections whose commands wait for a store behind a network: nothing is lost, mixed up, or touched when it is gone.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "net/steady_time_testing.h"
#include "server/resp/connection_for_tests.h"
#include "server/resp/late_server_for_tests.h"
#include "server/resp/resp_api_harness_testing.h"

namespace rateguard::resp {
namespace {

const std::string kPong = "+PONG\r\n";

// A check of a key that has never been used, and its answer.
std::string check(std::string_view key) {
  return command({"CL.THROTTLE", key, "0", "1", "60"});
}
const std::string kFirst = "*5\r\n:0\r\n:1\r\n:0\r\n:-1\r\n:60\r\n";
const std::string kSecond = "*5\r\n:1\r\n:1\r\n:0\r\n:60\r\n:60\r\n";

TEST(LateAnswers, AnAnswerComesWhenTheStoreHasDecided) {
  LateServer server;
  BlockingConnection client(server.port());
  ASSERT_TRUE(client.send(check("a") + check("a")));
  ASSERT_TRUE(server.asked(1));  // both together
  server.answer_all();
  EXPECT_EQ(client.read(kFirst.size() + kSecond.size()), kFirst + kSecond);
  // And the connection goes on.
  ASSERT_TRUE(client.send(check("a")));
  ASSERT_TRUE(server.asked(1));
  server.answer_all();
  EXPECT_EQ(client.read(kSecond.size()), kSecond);
}

TEST(LateAnswers, AStoreMayAnswerAtOnce) {
  LateServer server;
  server.on_loop([&] { server.late.at_once = true; });
  BlockingConnection client(server.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(command({"PING"}) + check(std::to_string(i)) + command({"PING"})));
    const std::string expected = kPong + kFirst + kPong;
    EXPECT_EQ(client.read(expected.size()), expected);
  }
}

TEST(LateAnswers, APipelineIsAnsweredInOrder) {
  LateServer server;
  BlockingConnection client(server.port());
  ASSERT_TRUE(client.send(command({"ECHO", "1"}) + check("a") + command({"RG.RESET", "login", "192.0.2.1"}) +
                          command({"CLIENT", "SETNAME", "me"}) + check("a")));
  ASSERT_TRUE(server.asked(1));
  // What comes meanwhile waits in the socket.
  ASSERT_TRUE(client.send(command({"CLIENT", "GETNAME"}) + command({"RG.CHECK", "login", "192.0.2.1"})));
  for (int i = 0; i < 4; ++i) {  // the check, the reset, the second check, the third
    ASSERT_TRUE(server.asked(1)) << i;
    server.answer_all();
  }
  const std::string expected = "$1\r\n1\r\n" + kFirst + ":0\r\n+OK\r\n" + kSecond + "$2\r\nme\r\n";
  EXPECT_EQ(client.read(expected.size()), expected);
  EXPECT_EQ(client.read(5), "*14\r\n");
}

TEST(LateAnswers, OthersAreServedMeanwhile) {
  LateServer server;
  BlockingConnection waiting(server.port());
  ASSERT_TRUE(waiting.send(check("a") + command({"ECHO", "mine"})));
  ASSERT_TRUE(server.asked(1));
  BlockingConnection other(server.port());
  ASSERT_TRUE(other.send(command({"PING"}) + check("b")));
  ASSERT_TRUE(server.asked(2));
  server.on_loop([&] { server.late.answer(1); });
  EXPECT_EQ(other.read(kPong.size() + kFirst.size()), kPong + kFirst);
  server.answer_all();
  EXPECT_EQ(waiting.read(kFirst.size() + 10), kFirst + "$4\r\nmine\r\n");
}

TEST(LateAnswers, ACommandThatIsNotWholeWaitsForItsRest) {
  LateServer server;
  BlockingConnection client(server.port());
  const std::string second = check("b");
  ASSERT_TRUE(client.send(check("a") + second.substr(0, 10)));
  ASSERT_TRUE(server.asked(1));
  server.answer_all();
  EXPECT_EQ(client.read(kFirst.size()), kFirst);
  for (const char c : second.substr(10)) ASSERT_TRUE(client.send(std::string_view(&c, 1)));
  ASSERT_TRUE(server.asked(1));
  server.answer_all();
  EXPECT_EQ(client.read(kFirst.size()), kFirst);
}

TEST(LateAnswers, AClientThatDisconnectsIsForgotten) {
  LateServer server;
  for (int i = 0; i < 3; ++i) {
    BlockingConnection client(server.port());
    ASSERT_TRUE(client.send(check("a") + command({"CLIENT", "SETNAME", std::string(100, 'x')}) + check("a")));
    ASSERT_TRUE(server.asked(1));
    client.reset();
    ASSERT_TRUE(net::eventually([&] { return server.server().stats().connections_open.value() == 0; }));
    server.answer_all();
    EXPECT_TRUE(server.asked(0)) << "a command of somebody who had gone was begun";
    EXPECT_EQ(server.running(), 0U);
  }
  BlockingConnection client(server.port());
  ASSERT_TRUE(client.send(command({"PING"})));
  EXPECT_EQ(client.read(kPong.size()), kPong);
}

TEST(LateAnswers, AClientThatHasStoppedSendingIsAnswered) {
  LateServer server;
  BlockingConnection client(server.port());
  ASSERT_TRUE(client.send(check("a") + check("b")));
  client.send_end();
  ASSERT_TRUE(server.asked(1));
  server.answer_all();
  EXPECT_EQ(client.read_to_end(), kFirst + kFirst);
}

TEST(LateAnswers, QuitAndNonsenseAreAnsweredAfterEarlierCommands) {
  LateServer server;
  for (const auto& [sent, answer] :
       {std::pair(command({"QUIT"}), "+OK\r\n"),
        std::pair(std::string("*1\r\n$-5\r\n"), "-ERR Protocol error: invalid bulk length\r\n")}) {
    BlockingConnection client(server.port());
    ASSERT_TRUE(client.send(check(answer) + sent + command({"PING"})));
    ASSERT_TRUE(server.asked(1));
    server.answer_all();
    EXPECT_EQ(client.read_to_end(), kFirst + answer);
  }
}

TEST(LateAnswers, NothingTimesOutWhileAnAnswerIsWaitedFor) {
  net::ManualSteadyTime time;
  RespServerOptions options;
  options.host.timeouts.idle = Duration::millis(30);
  options.host.timeouts.read = Duration::millis(30);
  options.host.steady_now = time.source();
  LateServer server(std::move(options));
  BlockingConnection waiting(server.port());
  ASSERT_TRUE(waiting.send(check("a")));
  ASSERT_TRUE(server.asked(1));
  for (int i = 0; i < 2; ++i) {
    BlockingConnection idle(server.port());
    EXPECT_TRUE(net::eventually([&] { return server.server().stats().connections_open.value() == 2U; }));
    time.advance(Duration::millis(60));
    EXPECT_TRUE(idle.ended());  // began later
  }
  EXPECT_EQ(server.server().stats().timeouts.value(), 2U);
  server.answer_all();
  EXPECT_EQ(waiting.read(kFirst.size()), kFirst);
  server.on_loop([] {});
  time.advance(Duration::millis(60));
  EXPECT_TRUE(waiting.ended());  // then it is idle too
  EXPECT_EQ(server.server().stats().timeouts.value(), 3U);
}

TEST(LateAnswers, DrainWaitsForThem) {
  LateServer server;
  BlockingConnection client(server.port());
  ASSERT_TRUE(client.send(check("a") + command({"PING"})));
  ASSERT_TRUE(server.asked(1));
  std::promise<void> empty;
  server.on_loop([&] { server.server().drain(Duration::seconds(10), [&] { empty.set_value(); }); });
  EXPECT_EQ(server.server().stats().connections_open.value(), 1U);
  server.answer_all();
  EXPECT_EQ(client.read_to_end(), kFirst + kPong);
  client.reset();
  EXPECT_EQ(empty.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(LateAnswers, DrainEndsWithItsGrace) {
  LateServer server;
  BlockingConnection client(server.port());
  ASSERT_TRUE(client.send(check("a")));
  ASSERT_TRUE(server.asked(1));
  std::promise<void> empty;
  server.on_loop([&] { server.server().drain(Duration::millis(20), [&] { empty.set_value(); }); });
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(empty.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  server.answer_all();
}

// What waits is unwound, whichever goes first.
TEST(LateAnswers, AServerMayGoWhileTheyAreWaitedFor) {
  LateServer server;
  std::vector<BlockingConnection> clients;
  for (size_t i = 0; i < 10; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(clients.back().send(check(std::to_string(i)) + command({"PING"})));
  }
  ASSERT_TRUE(server.asked(10));
}

TEST(LateAnswers, ANewPolicyCountsForCommandsThatBeginAfterIt) {
  LateServer server;
  const std::string look = command({"RG.PEEK", "login", "192.0.2.1"});
  const auto limit_of = [](const std::string& answer) {
    const std::string name = "$5\r\nlimit\r\n:";
    return std::stoi(answer.substr(answer.find(name) + name.size()));
  };
  const auto answer_size = [&] {
    BlockingConnection client(server.port());
    EXPECT_TRUE(client.send(look));
    EXPECT_TRUE(server.asked(1));
    server.answer_all();
    client.send_end();
    const std::string answer = client.read_to_end();
    EXPECT_EQ(limit_of(answer), 10);
    return answer.size();
  }();
  BlockingConnection before(server.port());
  ASSERT_TRUE(before.send(look));
  ASSERT_TRUE(server.asked(1));
  server.on_loop([&] { server.api.set_policy(policy_of(20)); });
  BlockingConnection after(server.port());
  ASSERT_TRUE(after.send(look));
  ASSERT_TRUE(server.asked(2));
  server.answer_all();
  EXPECT_EQ(limit_of(before.read(answer_size)), 10);
  EXPECT_EQ(limit_of(after.read(answer_size)), 20);
  ASSERT_TRUE(before.send(look));
  ASSERT_TRUE(server.asked(1));
  server.answer_all();
  EXPECT_EQ(limit_of(before.read(answer_size)), 20);
}

TEST(LateAnswers, AStoreThatCannotBeAskedIsAnAnswerToo) {
  LateServer server;
  server.on_loop([&] { server.late.fails = true; });
  BlockingConnection client(server.port());
  ASSERT_TRUE(client.send(check("a") + command({"RG.PEEK", "login", "192.0.2.1"}) +
                          command({"RG.RESET", "login", "192.0.2.1"}) + command({"RG.RELEASE", std::string(40, '0')}) +
                          command({"PING"})));
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(server.asked(1)) << i;
    server.answer_all();
  }
  const std::string failed = "-UNAVAILABLE the counters cannot be reached\r\n";
  const std::string expected = failed + failed + failed + failed + kPong;
  EXPECT_EQ(client.read(expected.size()), expected);
}

// With few tasks most of them wait for their turn.
TEST(LateAnswers, AThousandWaitAtOnce) {
  for (const size_t running_max : {4'096, 100}) {
    LateServer server({}, {.short_lane = {.running_max = running_max}});
    constexpr size_t kClients = 1'000;
    std::vector<BlockingConnection> clients;
    for (size_t i = 0; i < kClients; ++i) {
      clients.emplace_back(server.port());
      ASSERT_TRUE(clients.back().send(check(std::to_string(i)) + command({"ECHO", std::to_string(1'000 + i)})));
    }
    ASSERT_TRUE(server.asked(std::min(kClients, running_max)));
    clients[5].reset();
    clients[995].reset();
    // From both ends, so that they end in another order than they began in.
    const auto answered = [&] {
      return server.on_loop([&] {
        for (int i = 0; server.late.waiting() > 0 && i < 50; ++i) {
          server.late.answer(i % 2 == 0 ? 0 : server.late.waiting() - 1);
        }
        return server.late.waiting() == 0 && server.tasks().running() == 0;
      });
    };
    ASSERT_TRUE(net::eventually(answered));
    for (size_t i = 0; i < kClients; ++i) {
      if (i == 5 || i == 995) continue;
      const std::string expected = kFirst + "$4\r\n" + std::to_string(1'000 + i) + "\r\n";
      ASSERT_EQ(clients[i].read(expected.size()), expected);
    }
  }
}

// The desk has no room: one task runs, and one may wait for its turn.
TEST(LateAnswers, TooManyThatWaitAreRefusedAndClosed) {
  LateServer server({}, {.short_lane = {.running_max = 1, .queued_max = 1}});
  BlockingConnection first(server.port());
  ASSERT_TRUE(first.send(check("a")));
  ASSERT_TRUE(server.asked(1));
  BlockingConnection queued(server.port());
  ASSERT_TRUE(queued.send(check("b")));
  ASSERT_TRUE(net::eventually([&] { return server.on_loop([&] { return server.tasks().queued(); }) == 1; }));
  BlockingConnection refused(server.port());
  ASSERT_TRUE(refused.send(command({"PING"}) + check("c") + command({"PING"})));
  const std::string said = refused.read_to_end();
  EXPECT_TRUE(said == kPong + "-UNAVAILABLE too many commands wait for the counters\r\n" ||
              said == "-UNAVAILABLE too many commands wait for the counters\r\n")
      << said;
  server.answer();
  EXPECT_EQ(first.read(kFirst.size()), kFirst);
  ASSERT_TRUE(server.asked(1));
  server.answer();
  EXPECT_EQ(queued.read(kFirst.size()), kFirst);
  BlockingConnection next(server.port());
  ASSERT_TRUE(next.send(check("c")));
  ASSERT_TRUE(server.asked(1));
  server.answer();
  EXPECT_EQ(next.read(kFirst.size()), kFirst) << "the refused command was not counted";
}

// Answers that fill the output again and again, to somebody who does not read for a while.
TEST(LateAnswers, ASlowReaderGetsEverything) {
  RespServerOptions options;
  options.output_bytes_max = 10'000;
  LateServer server(std::move(options));
  server.on_loop([&] { server.late.at_once = true; });
  BlockingConnection client(server.port());
  const std::string message(1'000, 'x');
  const std::string echo = "$1000\r\n" + message + "\r\n";
  constexpr size_t kCommands = 10'000;
  std::thread sender([&] {
    for (size_t i = 0; i < kCommands; ++i) client.send(check(std::to_string(i % 9'000)) + command({"ECHO", message}));
  });
  std::atomic<bool> done = false;
  std::thread switcher([&] {  // now at once, now later
    for (bool at_once = false; !done; at_once = !at_once) {
      server.on_loop([&] {
        server.late.at_once = at_once;
        server.late.answer_all();
      });
      std::this_thread::yield();
    }
  });
  for (size_t i = 0; i < kCommands; ++i) {
    const std::string expected = (i < 9'000 ? kFirst : kSecond) + echo;
    if (const std::string got = client.read(expected.size()); got != expected) {
      ADD_FAILURE() << i << " " << got;
      break;
    }
  }
  done = true;
  switcher.join();
  sender.join();
}

}  // namespace
}  // namespace rateguard::resp

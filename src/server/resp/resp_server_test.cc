// Connections that speak the Redis protocol: batches, bounds, timeouts, drain, and clients that mean harm.
#include "server/resp/resp_server.h"

#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "net/loop_thread_testing.h"
#include "server/resp/connection_for_tests.h"
#include "server/resp/resp_api_harness_testing.h"

namespace rateguard::resp {
namespace {

class TestServer {
 public:
  explicit TestServer(RespServerOptions options = {}) : server_(std::move(options)) {
    const auto started = server_.start(loop_.loop(), fake_.api());
    EXPECT_TRUE(started.has_value());
    port_ = started.value_or(0);
    loop_.start();
  }
  ~TestServer() { loop_.stop(); }

  void on_loop(const std::function<void()>& work) { loop_.on_loop(work); }

  uint16_t port() const { return port_; }
  RespServer& server() { return server_; }
  const net::ConnectionStats& stats() const { return server_.stats(); }

 private:
  net::LoopThread<> loop_;
  RespApiHarness fake_;
  RespServer server_;
  uint16_t port_ = 0;
};

const std::string kPong = "+PONG\r\n";

size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

TEST(RespServer, AnswersAPipelineInOrder) {
  TestServer server;
  BlockingConnection client(server.port());
  std::string sent;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i);
    sent += command({"ECHO", text});
    expected += "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  }
  ASSERT_TRUE(client.send(sent));
  EXPECT_EQ(client.read(expected.size()), expected);
}

TEST(RespServer, ACommandMayArriveByteByByte) {
  TestServer server;
  BlockingConnection client(server.port());
  for (const std::string& sent : {command({"ECHO", "a b"}), std::string("ECHO \"a b\"\r\n")}) {
    for (const char c : sent) ASSERT_TRUE(client.send(std::string_view(&c, 1)));
    EXPECT_EQ(client.read(9), "$3\r\na b\r\n");
  }
}

TEST(RespServer, QuitEndsInOrder) {
  TestServer server;
  BlockingConnection client(server.port());
  ASSERT_TRUE(client.send(command({"PING"}) + command({"QUIT"}) + command({"PING"})));
  EXPECT_EQ(client.read_to_end(), kPong + "+OK\r\n");
}

TEST(RespServer, NonsenseEndsThatConnectionAlone) {
  TestServer server;
  BlockingConnection other(server.port());
  ASSERT_TRUE(other.send("*1\r\n$4\r\nPI"));
  const std::string abuse[] = {
      "*1\r\n$536870912\r\n",       // 512 MB
      "*1000000\r\n",               // a million elements
      "*-2147483649999999999\r\n",  // sizes that are not valid
      "*1\r\n$-5\r\n",
      "*1\r\n$18446744073709551615\r\n",
      [] {
        std::string deep;
        for (int i = 0; i < 128; ++i) deep += "*1\r\n";
        return deep;
      }(),
      std::string(70'000, 'x'),
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\n\r\nCL.THROTTLE a 1 1 1\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 12),  // TLS on a plain port
  };
  const size_t before = resident_bytes();
  for (int round = 0; round < 20; ++round) {
    for (const std::string& bytes : abuse) {
      BlockingConnection client(server.port());
      ASSERT_TRUE(client.send(bytes));
      client.send_end();
      const std::string answer = client.read_to_end();
      EXPECT_TRUE(answer.empty() || answer.starts_with("-ERR ")) << answer;
      EXPECT_EQ(answer.find("*5"), std::string::npos) << answer;
    }
  }
  // Bounded: what 200 of them leave behind is less than what one asked for.
  EXPECT_LT(resident_bytes(), before + 64 * 1'024 * 1'024);
  ASSERT_TRUE(other.send("NG\r\n"));
  EXPECT_EQ(other.read(kPong.size()), kPong);
}

TEST(RespServer, AnIncompleteCommandHoldsBoundedMemory) {
  TestServer server;
  BlockingConnection client(server.port());
  // 1,024 arguments of 64 KiB would be 64 MiB; the connection ends long before.
  std::string sent = "*1024\r\n";
  for (int i = 0; i < 16; ++i) sent += "$65536\r\n" + std::string(65'536, 'x') + "\r\n";
  client.send(sent);
  const std::string answer = client.read_to_end();
  EXPECT_TRUE(answer.empty() || answer == "-ERR Protocol error: too big mbulk request\r\n") << answer;
}

// Somebody who sends and never reads: what waits for it is bounded, and it is cut off after a while.
TEST(RespServer, ASlowReaderIsNotReadAnyMore) {
  RespServerOptions options;
  options.host.timeouts.write = Duration::millis(200);
  TestServer server(std::move(options));
  BlockingConnection other(server.port());
  BlockingConnection client(server.port());
  const std::string message(60'000, 'x');
  const std::string sent = command({"ECHO", message});
  const size_t before = resident_bytes();
  size_t echoes = 0;
  while (echoes < 2'000 && client.send(sent)) ++echoes;
  EXPECT_LT(echoes, 2'000U);
  EXPECT_LT(resident_bytes(), before + 32 * 1'024 * 1'024);
  ASSERT_TRUE(other.send(command({"PING"})));
  EXPECT_EQ(other.read(kPong.size()), kPong);
}

// Its own counter tells how many commands were answered before the other's: some hundreds, and not all that one read
// brought.
TEST(RespServer, APipelineDoesNotKeepOthersWaiting) {
  std::atomic<int64_t> time_us = 0;  // 250 us for each look at it
  RespServerOptions options;
  options.host.steady_now = [&] {
    return std::chrono::steady_clock::time_point(std::chrono::microseconds(time_us += 250));
  };
  TestServer server(std::move(options));
  BlockingConnection greedy(server.port());
  BlockingConnection modest(server.port());
  for (BlockingConnection* client : {&greedy, &modest}) {
    ASSERT_TRUE(client->send(command({"PING"})));
    EXPECT_EQ(client->read(kPong.size()), kPong);
  }
  constexpr int kCommands = 2'300;
  server.on_loop([&] {
    std::string pipeline;
    for (int i = 0; i < kCommands; ++i) pipeline += "CL.THROTTLE k 99999 1 60\r\n";
    EXPECT_TRUE(greedy.send(pipeline));
    EXPECT_TRUE(modest.send(command({"CL.THROTTLE", "k", "99999", "1", "60"})));
  });
  const std::string answer = modest.read(28);  // "*5 :0 :100000 :LEFT ..."
  const int left = std::stoi(answer.substr(answer.find(":100000\r\n:") + 10));
  EXPECT_GT(left, 100'000 - 1'500);
}

TEST(RespServer, ASlowReaderThatReadsGetsEverything) {
  TestServer server;
  BlockingConnection client(server.port());
  const std::string message(60'000, 'x');
  constexpr size_t kEchoes = 400;
  std::thread sender([&] {
    for (size_t i = 0; i < kEchoes; ++i) client.send(command({"ECHO", message}));
  });
  const std::string one = "$60000\r\n" + message + "\r\n";
  for (size_t i = 0; i < kEchoes; ++i) ASSERT_EQ(client.read(one.size()), one);
  sender.join();
}

TEST(RespServer, TimeoutsEndConnections) {
  RespServerOptions options;
  options.host.timeouts.idle = Duration::millis(50);
  options.host.timeouts.read = Duration::millis(50);
  TestServer server(std::move(options));
  BlockingConnection idle(server.port());
  BlockingConnection slow(server.port());
  ASSERT_TRUE(slow.send("*1\r\n$4\r\nPI"));
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(slow.ended());
  EXPECT_EQ(server.stats().timeouts.value(), 2U);
}

TEST(RespServer, OneTooManyIsRefused) {
  RespServerOptions options;
  options.host.connections_max = 1;
  TestServer server(std::move(options));
  BlockingConnection first(server.port());
  ASSERT_TRUE(first.send(command({"PING"})));
  EXPECT_EQ(first.read(kPong.size()), kPong);
  BlockingConnection second(server.port());
  EXPECT_EQ(second.read_to_end(), "-ERR max number of clients reached\r\n");
  EXPECT_EQ(server.stats().connections_refused.value(), 1U);
}

TEST(RespServer, DrainFinishesWhatHasBegun) {
  TestServer server;
  BlockingConnection idle(server.port());
  BlockingConnection busy(server.port());
  ASSERT_TRUE(busy.send(command({"PING"}) + "*1\r\n$4\r\nPI"));
  EXPECT_EQ(busy.read(kPong.size()), kPong);
  std::promise<void> empty;
  server.on_loop([&] { server.server().drain(Duration::seconds(10), [&] { empty.set_value(); }); });
  EXPECT_TRUE(idle.ended());
  ASSERT_TRUE(busy.send("NG\r\n"));
  EXPECT_EQ(busy.read_to_end(), kPong);
  EXPECT_EQ(empty.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(RespServer, DrainEndsWithItsGrace) {
  TestServer server;
  BlockingConnection busy(server.port());
  ASSERT_TRUE(busy.send(command({"PING"}) + "*1\r\n$4\r\nPI"));
  EXPECT_EQ(busy.read(kPong.size()), kPong);
  std::promise<void> empty;
  server.on_loop([&] { server.server().drain(Duration::millis(50), [&] { empty.set_value(); }); });
  EXPECT_TRUE(busy.ended());
  EXPECT_EQ(empty.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

}  // namespace
}  // namespace rateguard::resp

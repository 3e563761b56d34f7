// Whole runs against servers that follow a script.
#include "loadgen/run.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <utility>

#include "loadgen/scripted_server.h"

namespace rateguard::loadgen {
namespace {

constexpr std::string_view kPing = "*1\r\n$4\r\nPING\r\n";

// Takes every whole PING and returns how many there were.
int take_pings(std::string& received) {
  const size_t count = received.size() / kPing.size();
  received.erase(0, count * kPing.size());
  return static_cast<int>(count);
}

std::string times(int count, std::string_view text) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

ScriptedServer::Reply pong(int, std::string& received) {
  return {.bytes = times(take_pings(received), "+PONG\r\n")};
}

Plan ping_plan(uint16_t port) {
  Plan plan{.target = {.protocol = Protocol::kResp, .host = "127.0.0.1", .port = port}};
  plan.command = "PING";
  plan.connections = 4;
  plan.questions = 1'000;
  return plan;
}

TEST(Run, AsksAsOftenAsItWasTold) {
  for (const auto& [threads, connections, depth] : {std::tuple{1, 1, 1}, {1, 7, 1}, {1, 3, 16}, {3, 7, 5}}) {
    ScriptedServer server(pong);
    Plan plan = ping_plan(server.port());
    plan.threads = threads;
    plan.connections = connections;
    plan.depth = depth;
    const auto outcome = run(plan, {});
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->tally.asked, 1'000u);
    EXPECT_EQ(outcome->tally.admitted, 1'000u);
    EXPECT_EQ(outcome->tally.latency.count(), 1'000u);
    EXPECT_EQ(outcome->tally.failed(), 0u);
    EXPECT_GT(outcome->elapsed_ns, 0);
    EXPECT_FALSE(outcome->interrupted);
  }
}

TEST(Run, KeepsTheDepthAndNoMore) {
  // Answers only once `depth` questions are there: one fewer, and the run would not end; one more shows below.
  std::atomic<int> most = 0;
  ScriptedServer server([&](int, std::string& received) -> ScriptedServer::Reply {
    const int there = static_cast<int>(received.size() / kPing.size());
    most = std::max(most.load(), there);
    return there < 8 ? ScriptedServer::Reply{} : pong(0, received);
  });
  Plan plan = ping_plan(server.port());
  plan.connections = 2;
  plan.depth = 8;
  plan.questions = 800;
  const auto outcome = run(plan, {});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->tally.admitted, 800u);
  EXPECT_EQ(most, 8);
}

TEST(Run, ADurationEndsIt) {
  ScriptedServer server(pong);
  Plan plan = ping_plan(server.port());
  plan.questions.reset();
  plan.duration = Duration::millis(300);
  int told = 0;
  const auto outcome = run(plan, [&](const Progress& progress) {
    ++told;
    EXPECT_GE(progress.total->decided(), progress.earlier->decided());
  });
  ASSERT_TRUE(outcome);
  EXPECT_GE(outcome->elapsed_ns, 300'000'000);
  EXPECT_GT(outcome->tally.admitted, 0u);
  EXPECT_EQ(outcome->tally.asked, outcome->tally.admitted);
  EXPECT_GE(told, 1);
}

// A server that says nothing until 200 questions, due 1 ms apart, have come: the first has then waited 199 ms, the
// hundredth 100 ms. A generator that measured from the sending, or sent the next only after an answer, would say less.
TEST(Run, AnOpenLoopMeasuresFromTheSchedule) {
  bool stalled = true;
  ScriptedServer server([&](int, std::string& received) -> ScriptedServer::Reply {
    if (stalled && received.size() < 200 * kPing.size()) return {};
    stalled = false;
    return pong(0, received);
  });
  Plan plan = ping_plan(server.port());
  plan.connections = 1;
  plan.depth = 1'000;
  plan.questions = 200;
  plan.rate = 1'000;
  const auto outcome = run(plan, {});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->tally.admitted, 200u);
  EXPECT_GE(outcome->tally.latency.max(), 199'000'000);
  EXPECT_GE(outcome->tally.latency.quantile(0.5), 99'000'000);
  EXPECT_EQ(outcome->tally.lateness.count(), 200u);
}

// The same server, but one question at a time: those that wait for the connection are charged for their wait.
TEST(Run, AnOpenLoopChargesTheWaitForAConnection) {
  bool is_first = true;
  ScriptedServer server([&](int, std::string& received) -> ScriptedServer::Reply {
    // This thread has nothing else to do meanwhile.
    if (std::exchange(is_first, false)) std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return pong(0, received);
  });
  Plan plan = ping_plan(server.port());
  plan.connections = 1;
  plan.questions = 100;
  plan.rate = 1'000;
  const auto outcome = run(plan, {});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->tally.admitted, 100u);
  EXPECT_GE(outcome->tally.latency.quantile(0.5), 80'000'000);
  EXPECT_GE(outcome->tally.lateness.max(), 80'000'000);
}

TEST(Run, ErrorsAreCountedByKind) {
  ScriptedServer server([&](int, std::string& received) -> ScriptedServer::Reply {
    const int count = take_pings(received);
    return {.bytes = times(count, "-BUSY later\r\n")};
  });
  const auto outcome = run(ping_plan(server.port()), {});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->tally.decided(), 0u);
  EXPECT_EQ(outcome->tally.errors, (std::map<std::string, uint64_t>{{"BUSY", 1'000}}));
  EXPECT_EQ(outcome->tally.latency.count(), 0u);
}

TEST(Run, AConnectionThatIsClosedIsOpenedAgain) {
  ScriptedServer server([&](int connection, std::string& received) -> ScriptedServer::Reply {
    ScriptedServer::Reply reply = pong(0, received);
    reply.then_close = connection == 0;  // with questions under way at times
    return reply;
  });
  Plan plan = ping_plan(server.port());
  plan.connections = 1;
  plan.depth = 4;
  const auto outcome = run(plan, {});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->tally.asked, 1'000u);
  EXPECT_GE(outcome->tally.admitted, 990u);
  EXPECT_EQ(outcome->tally.admitted + outcome->tally.failed(), 1'000u);
}

TEST(Run, AnAnswerThatNeverComesIsATimeout) {
  ScriptedServer server([](int, std::string&) { return ScriptedServer::Reply{}; });
  Plan plan = ping_plan(server.port());
  plan.connections = 2;
  plan.depth = 3;
  plan.questions = 6;
  plan.patience = Duration::millis(100);
  const auto outcome = run(plan, {});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->tally.errors, (std::map<std::string, uint64_t>{{"timeout", 6}}));
}

TEST(Run, AMissingServerIsAnErrorAtOnce) {
  uint16_t port = 0;
  {
    const ScriptedServer gone(pong);
    port = gone.port();
  }
  const auto outcome = run(ping_plan(port), {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(outcome.error().message.find("Connection refused"), std::string::npos) << outcome.error().message;
}

TEST(Run, ATargetThatGoesAwayEndsARunByNumber) {
  std::atomic<int> answered = 0;
  auto server = std::make_unique<ScriptedServer>([&](int, std::string& received) -> ScriptedServer::Reply {
    answered += take_pings(received);
    return {.bytes = "+PONG\r\n", .then_close = true};
  });
  Plan plan = ping_plan(server->port());
  plan.connections = 1;
  plan.questions = 1'000'000;
  plan.patience = Duration::millis(300);
  const auto outcome = run(plan, [&](const Progress&) { server.reset(); });
  ASSERT_TRUE(outcome);
  EXPECT_LT(outcome->tally.asked, 1'000'000u);
  EXPECT_GT(outcome->tally.errors.count("cannot connect to 127.0.0.1:" + std::to_string(plan.target.port) +
                                        ": Connection refused"),
            0u);
}

TEST(Run, AnInterruptEndsItWithTheCountsSoFar) {
  ScriptedServer server(pong);
  Plan plan = ping_plan(server.port());
  plan.questions.reset();
  plan.duration = Duration::seconds(3'600);
  const auto outcome = run(plan, [](const Progress& progress) {
    // To this thread, as there are others here that do not hold it back.
    if (progress.total->decided() > 0) pthread_kill(pthread_self(), SIGINT);
  });
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->interrupted);
  EXPECT_GT(outcome->tally.admitted, 0u);
  EXPECT_LT(outcome->elapsed_ns, 60'000'000'000);
}

// What a server is asked over HTTP: the share of refusals and the keys.
TEST(Run, TheShareOfRefusalsGoesToOneKey) {
  std::mutex mutex;
  std::set<std::string> keys;
  int used_up = 0;
  ScriptedServer server([&](int, std::string& received) -> ScriptedServer::Reply {
    ScriptedServer::Reply reply;
    for (;;) {
      const size_t begin = received.find(R"({"key":")");
      const size_t end = received.find('}');
      if (begin == std::string::npos || end == std::string::npos) return reply;
      const std::string body = received.substr(begin, end - begin);
      received.erase(0, end + 1);
      const std::string key = body.substr(8, body.find('"', 8) - 8);
      const std::scoped_lock lock(mutex);
      keys.insert(key);
      used_up += key == "t:used-up";
      reply.bytes += key == "t:used-up" ? "HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n"
                                        : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    }
  });
  Plan plan{.target = {.host = "127.0.0.1", .port = server.port()}};
  plan.keys = KeySpec::parse("uniform:10").value();
  plan.key_prefix = "t:";
  plan.refused = 0.25;
  plan.questions = 4'000;
  plan.connections = 3;
  const auto outcome = run(plan, {});
  ASSERT_TRUE(outcome);
  const std::scoped_lock lock(mutex);
  EXPECT_EQ(keys.size(), 11u);
  EXPECT_EQ(outcome->tally.refused, static_cast<uint64_t>(used_up));
  EXPECT_NEAR(static_cast<double>(used_up), 1'000, 120);
  EXPECT_EQ(outcome->tally.decided(), 4'000u);
}

}  // namespace
}  // namespace rateguard::loadgen

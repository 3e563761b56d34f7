// A Redis that is there and answers calls with errors, whatever the error is: said by /ready, the log and the metrics.
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <filesystem>
#include <functional>
#include <thread>

#include "integration/redis_for_tests.h"

namespace rateguard::test {
namespace {

constexpr const char* kRules = "rules: [{name: r, per: user, limit: 100000/d}]\n";

class RedisErrorsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.start()) << server_.log(); }
  std::string config_as(const std::string& user) const {
    return folder_.write("rateguard.yaml",
                         config_for(server_.port(), ", deadline: 1s, user: " + user + ", password: x", kRules));
  }
  // Every call of this user may be made.
  void allow(const std::string& user) {
    ASSERT_EQ(server_.ask({"ACL", "SETUSER", user, "reset", "on", ">x", "~*", "&*", "+@all"}).text, "OK");
  }
  std::string ready() const { return HttpConnection(service_->port()).get("/ready").body; }
  bool is_ready() const { return contains(ready(), R"({"name":"store default","ready":true,)"); }
  bool says(const std::string& words) const { return contains(ready(), words); }
  void check() const { HttpConnection(service_->port()).post("/check", check_rule("r", "a")); }

  const TemporaryFolder folder_;
  RedisServer server_{{"--busy-reply-threshold", "50", "--repl-diskless-sync-delay", "0"}};
  std::optional<Service> service_;
};

TEST_F(RedisErrorsTest, EachIsExplainedCountedAndLogged) {
  allow("me");
  service_.emplace(std::vector<std::string>{"--config", config_as("me"), "--threads", "2"});
  ASSERT_TRUE(eventually([&] { return is_ready(); }));
  struct Case {
    const char* code;
    const char* words;
    std::function<void()> begin;
    std::function<void()> end;
  };
  const auto set = [&](const char* name, const char* value) {
    EXPECT_EQ(server_.ask({"CONFIG", "SET", name, value}).text, "OK");
  };
  std::thread busy;
  // A snapshot that cannot take the place of the one before it, since that is a folder.
  const std::filesystem::path snapshot = server_.folder() / "dump.rdb";
  const auto has_saved = [&](const char* status) {
    server_.ask({"BGSAVE"});
    return contains(server_.ask({"INFO", "persistence"}).text, std::string("rdb_last_bgsave_status:") + status);
  };
  const Case cases[] = {
      {"MISCONF", "it cannot write to its disk",
       [&] {
         set("save", "3600 1000000");
         std::filesystem::create_directory(snapshot);
         EXPECT_TRUE(eventually([&] { return has_saved("err"); })) << server_.log();
       },
       [&] {
         std::filesystem::remove(snapshot);
         EXPECT_TRUE(eventually([&] { return has_saved("ok"); })) << server_.log();
       }},
      {"OOM", "raise maxmemory", [&] { set("maxmemory", "1"); }, [&] { set("maxmemory", "0"); }},
      {"NOREPLICAS", "too few replicas follow it", [&] { set("min-replicas-to-write", "1"); },
       [&] { set("min-replicas-to-write", "0"); }},
      {"NOPERM", "the user lacks a permission", [&] { server_.ask({"ACL", "SETUSER", "me", "-set"}); },
       [&] { allow("me"); }},
      {"BUSY", "BUSY", [&] { busy = std::thread([&] { server_.ask({"EVAL", "while true do end", "0"}); }); },
       [&] {
         EXPECT_TRUE(eventually([&] { return server_.ask({"SCRIPT", "KILL"}).text == "OK"; }));
         busy.join();
       }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.code);
    one.begin();
    EXPECT_TRUE(eventually([&] {
      check();
      return !is_ready() && says("failing for ") && says(one.words);
    })) << ready();
    EXPECT_TRUE(eventually([&] {
      check();
      return contains(service_->log(), one.words);
    })) << service_->log();
    const std::string metrics = HttpConnection(service_->port()).get("/metrics").body;
    EXPECT_TRUE(
        contains(metrics, fmt::format(R"(rateguard_redis_errors_total{{store="default",error="{}"}})", one.code)))
        << metrics;
    EXPECT_FALSE(contains(metrics, R"(rateguard_redis_failing_loops{store="default"} 0)"));
    one.end();
    EXPECT_TRUE(eventually([&] { return is_ready(); })) << ready();
  }
  EXPECT_TRUE(eventually([&] { return contains(service_->log(), "redis answers again"); })) << service_->log();
}

TEST_F(RedisErrorsTest, AMissingPermissionIsReportedBeforeTheFirstRequest) {
  allow("me");
  server_.ask({"ACL", "SETUSER", "me", "-set"});
  service_.emplace(std::vector<std::string>{"--config", config_as("me"), "--threads", "1"});
  EXPECT_TRUE(eventually([&] { return !is_ready() && says("the user lacks a permission"); })) << ready();
  EXPECT_TRUE(eventually([&] { return contains(service_->log(), "the user lacks a permission"); })) << service_->log();
}

TEST_F(RedisErrorsTest, TheLogSaysTheNewReasonWhenItIsAnother) {
  service_.emplace(
      std::vector<std::string>{"--config", folder_.write("rateguard.yaml", config_for(server_.port(), "", kRules))});
  ASSERT_TRUE(eventually([&] { return is_ready(); }));
  EXPECT_EQ(count_of(service_->log(), "redis connected"), 1u) << "once for all loops\n" << service_->log();
  EXPECT_TRUE(contains(service_->log(), fmt::format("address=127.0.0.1:{}", server_.port()))) << service_->log();
  EXPECT_EQ(server_.ask({"CONFIG", "SET", "requirepass", "secret"}).text, "OK");
  EXPECT_TRUE(is_ready()) << "a session that is logged in stays so";
  server_.kill();
  EXPECT_TRUE(eventually([&] { return says("Connection refused"); })) << ready();
  EXPECT_TRUE(eventually([&] { return contains(service_->log(), "Connection refused"); })) << service_->log();
  RedisServer::Arguments& arguments = server_.arguments();
  arguments.insert(arguments.end(), {"--requirepass", "secret"});
  ASSERT_TRUE(server_.start()) << server_.log();
  EXPECT_TRUE(eventually([&] { return says("it asks for a password"); })) << ready();
  EXPECT_TRUE(eventually([&] { return contains(service_->log(), "it asks for a password"); })) << service_->log();
}

TEST_F(RedisErrorsTest, ANodeOfAClusterAsUrlIsAnExitWithTheLineToWrite) {
  RedisServer node({"--cluster-enabled", "yes", "--cluster-port", std::to_string(reserved_port())});
  ASSERT_TRUE(node.start()) << node.log();
  ASSERT_EQ(node.ask({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}).text, "OK");
  const std::string line = fmt::format("cluster: [\"redis://127.0.0.1:{}\"]", node.port());
  const Finished finished = run({"serve", "--http", "127.0.0.1:0", "--grpc", "off", "--resp", "off", "--config",
                                 folder_.write("url.yaml", config_for(node.port()))});
  EXPECT_EQ(finished.exit_code, 4) << finished.err;
  EXPECT_TRUE(contains(finished.err, fmt::format("Redis at 127.0.0.1:{}: it is a node", node.port()))) << finished.err;
  EXPECT_TRUE(contains(finished.err, line + " in place of url")) << finished.err;
  EXPECT_TRUE(contains(finished.err, "RATEGUARD_STORES_DEFAULT_CLUSTER")) << finished.err;
  // What it says is right.
  ASSERT_TRUE(eventually([&] { return node.ask({"CLUSTER", "INFO"}).text.starts_with("cluster_state:ok"); }));
  service_.emplace(std::vector<std::string>{
      "--config",
      folder_.write("cluster.yaml",
                    fmt::format("stores: {{default: {{type: redis, deadline: 10s, {}}}}}\n{}", line, kRules))});
  const HttpAnswer answer = HttpConnection(service_->port()).post("/check", check_rule("r", "a"));
  EXPECT_FALSE(is_degraded(answer)) << answer.body;
}

// Two nodes with half of the slots each; what one serves is refused too while the other half is not there.
class BrokenClusterTest : public RedisErrorsTest {
 protected:
  void SetUp() override {
    for (RedisServer* const node : {&one_, &other_}) ASSERT_TRUE(node->start()) << node->log();
    ASSERT_EQ(one_.ask({"CLUSTER", "ADDSLOTSRANGE", "0", "8191"}).text, "OK");
    ASSERT_EQ(other_.ask({"CLUSTER", "ADDSLOTSRANGE", "8192", "16383"}).text, "OK");
    one_.ask({"CLUSTER", "MEET", "127.0.0.1", std::to_string(other_.port()), bus_ports_[1]});
    ASSERT_TRUE(eventually([&] { return is_whole(one_) && is_whole(other_); }));
    service_.emplace(std::vector<std::string>{
        "--config",
        folder_.write("cluster.yaml", fmt::format("stores: {{default: {{type: redis, deadline: 1s, cluster: "
                                                  "[\"redis://127.0.0.1:{}\"]}}}}\n{}",
                                                  one_.port(), kRules))});
    ASSERT_TRUE(eventually([&] { return is_ready(); })) << ready();
  }
  static bool is_whole(const RedisServer& node) {
    return node.ask({"CLUSTER", "INFO"}).text.starts_with("cluster_state:ok");
  }
  // Users whose counters are in either half.
  void check_all() const {
    HttpConnection connection(service_->port());
    for (int user = 0; user < 10; ++user) connection.post("/check", check_rule("r", std::to_string(user)));
  }
  void expect_it_is_said() {
    EXPECT_TRUE(eventually([&] {
      check_all();
      return !is_ready() && says("CLUSTERDOWN") && says("its Cluster is not complete");
    })) << ready();
    expect_a_line_with("its Cluster is not complete");
    const std::string metrics = HttpConnection(service_->port()).get("/metrics").body;
    EXPECT_TRUE(contains(metrics, R"(rateguard_redis_errors_total{store="default",error="CLUSTERDOWN"})")) << metrics;
  }
  // In a log that says that Redis fails, and not only that some requests met it so.
  void expect_a_line_with(const std::string& words) {
    EXPECT_TRUE(eventually([&] {
      check_all();
      return contains(service_->log(), "redis fails") && contains(service_->log(), words);
    })) << service_->log();
  }
  void expect_it_works_again() {
    EXPECT_TRUE(eventually([&] {
      check_all();
      return is_ready();
    })) << ready();
    EXPECT_TRUE(eventually([&] { return contains(service_->log(), "redis answers again"); })) << service_->log();
  }
  std::vector<std::string> arguments(size_t node) const {
    return {"--cluster-enabled", "yes", "--cluster-port", bus_ports_[node], "--cluster-node-timeout", "500"};
  }

  const std::array<std::string, 2> bus_ports_ = {std::to_string(reserved_port()), std::to_string(reserved_port())};
  RedisServer one_{arguments(0)};
  RedisServer other_{arguments(1)};
};

TEST_F(BrokenClusterTest, UnservedSlotsAreExplained) {
  ASSERT_EQ(one_.ask({"CLUSTER", "DELSLOTSRANGE", "0", "99"}).text, "OK");
  ASSERT_EQ(other_.ask({"CLUSTER", "DELSLOTSRANGE", "0", "99"}).text, "OK");
  expect_it_is_said();
  ASSERT_EQ(one_.ask({"CLUSTER", "ADDSLOTSRANGE", "0", "99"}).text, "OK");
  expect_it_works_again();
}

// The other node answers CLUSTERDOWN meanwhile, which says less.
TEST_F(BrokenClusterTest, ANodeThatDoesNotAnswerIsNamed) {
  other_.signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return one_.ask({"GET", "x"}).is_error("CLUSTERDOWN"); }));
  const std::string node = fmt::format("Redis at 127.0.0.1:{}", other_.port());
  EXPECT_TRUE(eventually([&] {
    check_all();
    return !is_ready() && says(node);
  })) << ready();
  expect_a_line_with(node);
  other_.signal(SIGCONT);
  expect_it_works_again();
}

TEST_F(RedisErrorsTest, AServerThatComesBackAsANodeOfAClusterDegradesAndSaysSo) {
  service_.emplace(
      std::vector<std::string>{"--config", folder_.write("rateguard.yaml", config_for(server_.port(), "", kRules))});
  ASSERT_TRUE(eventually([&] { return is_ready(); }));
  server_.kill();
  RedisServer::Arguments& arguments = server_.arguments();
  arguments.insert(arguments.end(), {"--cluster-enabled", "yes", "--cluster-port", std::to_string(reserved_port())});
  ASSERT_TRUE(server_.start()) << server_.log();
  EXPECT_TRUE(eventually([&] { return !is_ready() && says("it is a node of a Cluster"); })) << ready();
  EXPECT_TRUE(eventually([&] { return contains(service_->log(), "it is a node of a Cluster"); })) << service_->log();
}

TEST_F(RedisErrorsTest, ServersThatAreNoSentinelsOrNoClusterAreAnExit) {
  const std::string url = fmt::format("redis://127.0.0.1:{}", server_.port());
  const auto serve = [&](const std::string& settings) {
    return run({"serve", "--http", "127.0.0.1:0", "--grpc", "off", "--resp", "off", "--config",
                folder_.write("wrong.yaml", fmt::format("stores: {{default: {{type: redis, {}}}}}\n", settings))});
  };
  const Finished sentinels = serve(fmt::format("sentinels: [\"{}\"], service: main", url));
  EXPECT_EQ(sentinels.exit_code, 4) << sentinels.err;
  EXPECT_TRUE(contains(sentinels.err, "name a server with data as url")) << sentinels.err;
  const Finished cluster = serve(fmt::format("cluster: [\"{}\"]", url));
  EXPECT_EQ(cluster.exit_code, 4) << cluster.err;
  EXPECT_TRUE(contains(cluster.err, "cluster support disabled")) << cluster.err;
}

}  // namespace
}  // namespace rateguard::test

// A connection to a real server that dies, forgets, stops and refuses.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <optional>

#include "net/tls_client.h"
#include "redis/connection.h"
#include "redis/fake_redis_testing.h"
#include "support/redis/certificates.h"
#include "support/redis/redis_servers.h"

namespace rateguard::redis {
namespace {

constexpr Duration kPatient = Duration::seconds(10);

struct Heard {
  int times = 0;
  Reply reply = {};
  std::optional<Error> failure = {};
};

class RedisServerTest : public testing::Test {
 protected:
  void start(test::RedisServer& server) { ASSERT_TRUE(server.start()) << server.log(); }
  void connect(const std::string& url, const net::TlsClientFiles* tls = nullptr) {
    std::shared_ptr<const net::TlsClientContext> context;
    if (tls != nullptr) {
      auto made = net::TlsClientContext::create(*tls);
      ASSERT_TRUE(made.has_value()) << made.error().message;
      context = *made;
    }
    const auto parsed = Url::parse(url);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    ConnectionOptions options;
    // A loaded machine is no server that is silent.
    options.session = {.patience = kPatient, .rest_patience = kPatient};
    options.on_change = [this] { ++changes_; };
    connection_.emplace(*loop_, ServerEndpoint::from(*parsed, context), std::move(options));
    connection_->start();
  }
  static std::string url_of(const test::RedisServer& server) {
    return "redis://127.0.0.1:" + std::to_string(server.port());
  }
  bool open() {
    return run_until(*loop_, [&] { return connection_->is_open(); });
  }
  ResultHandler into(Heard& heard) {
    return [&heard](const CommandResult& answer) {
      ++heard.times;
      if (answer) heard.reply = **answer;
      if (!answer) heard.failure = answer.error();
    };
  }
  Heard ask(std::initializer_list<std::string_view> words, Duration patience = kPatient) {
    Heard heard;
    connection_->call(words, patience, into(heard));
    EXPECT_TRUE(run_until(*loop_, [&] { return heard.times > 0; }));
    return heard;
  }
  std::string problem_of(const std::string& url, const net::TlsClientFiles* tls = nullptr) {
    changes_ = 0;
    connect(url, tls);
    EXPECT_TRUE(run_until(*loop_, [&] { return changes_ > 0; }));
    return connection_->is_open() ? "" : connection_->problem().message;
  }

  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  std::optional<RedisConnection> connection_;
  int changes_ = 0;
};

TEST_F(RedisServerTest, SurvivesAKilledServerThatComesBackEmpty) {
  test::RedisServer server;
  start(server);
  connect(url_of(server));
  const Script script({"return redis.call('INCR', KEYS[1])"}, ReplyKind::kInteger);
  const std::string_view keys[] = {"n"};
  for (int round = 1; round <= 2; ++round) {
    ASSERT_TRUE(open());
    std::vector<Heard> heard(100);
    for (Heard& one : heard) connection_->eval(script, keys, {}, kPatient, into(one));
    ASSERT_TRUE(run_until(*loop_, [&] { return heard.back().times > 0; }));
    // Each counted once, in order, though the script was not known at first.
    std::vector<bool> seen(101, false);
    for (const Heard& one : heard) {
      ASSERT_EQ(one.reply.kind, ReplyKind::kInteger) << one.reply.text;
      seen[static_cast<size_t>(one.reply.integer)] = true;
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 100);
    if (round == 2) break;
    server.kill();
    ASSERT_TRUE(run_until(*loop_, [&] { return !connection_->is_open(); }));
    EXPECT_EQ(ask({"PING"}).failure->retry, Retry::kAlways);
    start(server);
  }
}

TEST_F(RedisServerTest, AStoppedServerMissesDeadlinesAndThenContinues) {
  test::RedisServer server;
  start(server);
  connect(url_of(server));
  ASSERT_TRUE(open());
  server.signal(SIGSTOP);
  const Heard late = ask({"INCR", "n"}, Duration::millis(5));
  ASSERT_TRUE(late.failure.has_value());
  EXPECT_EQ(late.failure->retry, Retry::kIfIdempotent);
  server.signal(SIGCONT);
  EXPECT_EQ(ask({"INCR", "n"}).reply.integer, 2) << "the late one was carried out after all, once";
}

TEST_F(RedisServerTest, ComesBackAfterClientKill) {
  test::RedisServer server;
  start(server);
  connect(url_of(server));
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(open());
    changes_ = 0;
    EXPECT_EQ(server.ask({"CLIENT", "KILL", "TYPE", "normal"}).kind, ReplyKind::kInteger);
    ASSERT_TRUE(run_until(*loop_, [&] { return changes_ >= 2 && connection_->is_open(); }));
  }
  EXPECT_EQ(ask({"PING"}).reply.text, "PONG");
}

TEST_F(RedisServerTest, LogsInAsAUserToADatabaseUnderItsName) {
  test::RedisServer server({"--requirepass", "secret"});
  start(server);
  const std::string place = "127.0.0.1:" + std::to_string(server.port());
  connect("redis://:secret@" + place + "/3");
  ASSERT_TRUE(open()) << connection_->problem().message;
  const std::string info = ask({"CLIENT", "INFO"}).reply.text;
  EXPECT_NE(info.find(" name=rateguard "), std::string::npos) << info;
  EXPECT_NE(info.find(" db=3 "), std::string::npos) << info;
  ask({"ACL", "SETUSER", "me", "on", ">p@ss", "~*", "+incr", "+auth"});
  connect("redis://me:p%40ss@" + place);
  ASSERT_TRUE(open()) << connection_->problem().message;
  EXPECT_EQ(ask({"INCR", "n"}).reply.integer, 1);

  for (const std::string login : {"", ":wrong@", "me:wrong@", "nobody:secret@"}) {
    const std::string problem = problem_of("redis://" + login + place);
    EXPECT_EQ(connection_->problem().code, ErrorCode::kInvalid) << problem;
    EXPECT_EQ(problem.find("secret"), std::string::npos) << problem;
  }
  EXPECT_NE(problem_of("redis://:secret@" + place + "/99").find("refuses database 99"), std::string::npos);
}

TEST_F(RedisServerTest, SpeaksOverAUnixSocket) {
  test::RedisServer server;
  start(server);
  connect("unix://" + server.socket_path().string() + "?db=2");
  ASSERT_TRUE(open()) << connection_->problem().message;
  EXPECT_NE(ask({"CLIENT", "INFO"}).reply.text.find(" db=2 "), std::string::npos);
}

TEST_F(RedisServerTest, SpeaksTlsWithAServerItCanVerify) {
  const test::ScratchFolder folder;
  ASSERT_TRUE(test::make_certificate(folder.path(), "server", "IP:127.0.0.1,DNS:localhost"));
  ASSERT_TRUE(test::make_certificate(folder.path(), "other", "DNS:elsewhere"));
  const auto file = [&](const char* name) { return (folder.path() / name).string(); };
  // The plain port stays: it is how the test itself asks.
  const auto with = [&](const std::string& name, uint16_t port) {
    return std::vector<std::string>{"--tls-port",         std::to_string(port),
                                    "--tls-cert-file",    file((name + ".pem").c_str()),
                                    "--tls-key-file",     file((name + ".key").c_str()),
                                    "--tls-ca-cert-file", file("ca.pem"),
                                    "--tls-auth-clients", "no"};
  };
  const uint16_t port = test::reserved_port();
  test::RedisServer server(with("server", port));
  start(server);
  const net::TlsClientFiles trusting{.ca = file("ca.pem")};
  const std::string large(100'000, 'x');  // more than a TLS record
  for (const char* const host : {"127.0.0.1", "localhost"}) {
    connect("rediss://" + std::string(host) + ":" + std::to_string(port), &trusting);
    ASSERT_TRUE(open()) << connection_->problem().message;
    EXPECT_EQ(ask({"SET", "large", large}).reply.text, "OK");
    EXPECT_EQ(ask({"GET", "large"}).reply.text, large);
  }
  const std::string url = "rediss://127.0.0.1:" + std::to_string(port);
  const net::TlsClientFiles system;
  EXPECT_NE(problem_of(url, &system).find("certificate is not accepted"), std::string::npos);
  EXPECT_EQ(connection_->problem().code, ErrorCode::kInvalid);
  EXPECT_NE(problem_of("rediss://127.0.0.1:" + std::to_string(server.port()), &trusting), "");

  EXPECT_NE(problem_of("redis://127.0.0.1:" + std::to_string(port)).find("rediss://"), std::string::npos);

  const uint16_t other_port = test::reserved_port();
  test::RedisServer other(with("other", other_port));
  start(other);
  const std::string problem = problem_of("rediss://127.0.0.1:" + std::to_string(other_port), &trusting);
  EXPECT_NE(problem.find("IP address mismatch"), std::string::npos) << problem;
}

}  // namespace
}  // namespace rateguard::redis

// What of a Redis keeps the built program from starting, and what only degrades it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "integration/redis_for_tests.h"

namespace rateguard::test {
namespace {

constexpr int kBadConfig = 3;
constexpr int kCannotServe = 4;

Finished serve_with(const std::string& url, std::map<std::string, std::string> environment = {}) {
  environment["RATEGUARD_REDIS"] = url;
  return run({"serve", "--http", "127.0.0.1:0", "--grpc", "off", "--resp", "off"}, "", environment);
}

std::string url_of(const RedisServer& server, const std::string& login = {}, const std::string& database = {}) {
  return "redis://" + login + "127.0.0.1:" + std::to_string(server.port()) + database;
}

void expect_refused(const Finished& finished, const std::vector<std::string>& said, int exit_code = kCannotServe) {
  EXPECT_EQ(finished.exit_code, exit_code) << finished.err;
  EXPECT_FALSE(contains(finished.out, "ready")) << finished.out;
  for (const std::string& words : said) EXPECT_TRUE(contains(finished.err, words)) << finished.err;
}

// Answers whatever it is sent with the same bytes, again and again.
class Parrot {
 public:
  explicit Parrot(std::string bytes) : bytes_(std::move(bytes)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 16) != 0) std::abort();
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { answer(); });
  }
  ~Parrot() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::string url(const std::string& scheme = "redis") const {
    return scheme + "://127.0.0.1:" + std::to_string(port_);
  }

 private:
  void answer() {
    for (int peer = accept(listener_, nullptr, nullptr); peer >= 0; peer = accept(listener_, nullptr, nullptr)) {
      char buffer[4096];
      if (recv(peer, buffer, sizeof buffer, 0) > 0) send(peer, bytes_.data(), bytes_.size(), MSG_NOSIGNAL);
      shutdown(peer, SHUT_WR);
      while (recv(peer, buffer, sizeof buffer, 0) > 0) {
      }
      close(peer);
    }
  }

  const std::string bytes_;
  int listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

TEST(RedisStartTest, AWrongLoginOrDatabaseIsAnExitThatSaysSo) {
  RedisServer server({"--requirepass", "secret"});
  ASSERT_TRUE(server.start()) << server.log();
  const std::string where = "127.0.0.1:" + std::to_string(server.port());
  expect_refused(serve_with(url_of(server)), {where, "asks for a password"});
  expect_refused(serve_with(url_of(server, ":wrong@")), {where, "refuses the user or password"});
  expect_refused(serve_with(url_of(server, "nobody:secret@")), {where, "refuses the user or password"});
  const Finished database = serve_with(url_of(server, ":secret@", "/4711"));
  expect_refused(database, {where, "refuses database 4711", "RATEGUARD_REDIS"});
  EXPECT_FALSE(contains(database.err, "secret")) << database.err;
}

TEST(RedisStartTest, WhatSpeaksNoTlsIsNamedAsSuch) {
  RedisServer server({"--requirepass", "secret"});
  ASSERT_TRUE(server.start()) << server.log();
  const std::string url = "rediss://:secret@127.0.0.1:" + std::to_string(server.port());
  expect_refused(serve_with(url), {"speaks without TLS", "redis://"});
  const Parrot http("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  expect_refused(serve_with(http.url("rediss")), {"TLS"});
}

TEST(RedisStartTest, FilesOfTlsThatCannotBeReadAreNamed) {
  const TemporaryFolder folder;
  const std::string missing = (folder.path() / "ca.pem").string();
  expect_refused(serve_with("rediss://127.0.0.1:1", {{"RATEGUARD_STORES_DEFAULT_TLS_CA", missing}}),
                 {missing, "No such file"}, kBadConfig);
  const std::string garbage = folder.write("garbage.pem", "no certificate\n");
  expect_refused(serve_with("rediss://127.0.0.1:1", {{"RATEGUARD_STORES_DEFAULT_TLS_CA", garbage}}), {garbage},
                 kBadConfig);
}

TEST(RedisStartTest, AnotherServerThanRedisOrAnOldOneEndsTheStart) {
  const Parrot old("+PONG\r\n$23\r\nredis_version:4.0.14\r\n\r\n+OK\r\n");
  expect_refused(serve_with(old.url()), {"version 4", "5 or later"});
  const Parrot http("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  expect_refused(serve_with(http.url()), {"does not speak Redis's protocol"});
}

TEST(RedisStartTest, SentinelsThatRefuseOrDoNotKnowTheServiceAreAnExit) {
  const TemporaryFolder folder;
  RedisSentinels all;
  ASSERT_TRUE(all.start(Failover::kIsNone));
  const auto serve = [&](const std::string& login, const std::string& service) {
    std::string urls;
    for (const auto& sentinel : all.sentinels) {
      urls += fmt::format("{}\"{}\"", urls.empty() ? "" : ", ", url_of(*sentinel, login));
    }
    const std::string file = folder.write(
        "rateguard.yaml",
        fmt::format("stores: {{default: {{type: redis, service: {}, sentinels: [{}]}}}}\n", service, urls));
    return run({"serve", "--http", "127.0.0.1:0", "--grpc", "off", "--resp", "off", "--config", file});
  };
  expect_refused(serve("", "nobody"), {"does not know the service 'nobody'"});
  expect_refused(serve("me:wrong@", RedisSentinels::kServiceName), {"refuses the user or password"});
}

TEST(RedisStartTest, AnInvalidUrlIsAnErrorOfTheConfiguration) {
  for (const char* const url : {"http://127.0.0.1", "redis://127.0.0.1:99999", "redis://127.0.0.1/x", "unix://"}) {
    const Finished finished = serve_with(url);
    EXPECT_EQ(finished.exit_code, kBadConfig) << url << finished.err;
    EXPECT_TRUE(contains(finished.err, "RATEGUARD_REDIS")) << finished.err;
  }
}

// By each policy, over each protocol, until the Redis appears.
TEST(RedisStartTest, AnUnreachableRedisDegradesTheStartAndIsUsedWhenItAppears) {
  const TemporaryFolder folder;
  RedisServer server;
  const std::string file = folder.write(
      "rateguard.yaml", config_for(server.port(), ", deadline: 5s, on_store_failure: deny, breaker: {open_for: 50ms}",
                                   "rules:\n"
                                   "  - {name: open, per: user, limit: 2/d}\n"
                                   "  - {name: shut, per: user, limit: 2/d, on_store_failure: deny}\n"
                                   "  - {name: own, per: user, limit: 2/d, on_store_failure: local}\n"));
  const Service service({"--config", file, "--resp", "127.0.0.1:0"});
  HttpConnection connection(service.port());
  const auto check = [&](const std::string& rule) { return connection.post("/check", check_rule(rule, "a")); };

  const HttpAnswer ready = connection.get("/ready");
  EXPECT_EQ(ready.status, 200) << "others are no better off";
  EXPECT_TRUE(contains(ready.body, R"({"name":"store default","ready":false,)")) << ready.body;
  EXPECT_TRUE(contains(ready.body, "127.0.0.1:" + std::to_string(server.port()))) << ready.body;
  EXPECT_TRUE(contains(service.log(), "redis is not reached yet")) << service.log();
  for (int i = 0; i < 5; ++i) {
    const HttpAnswer allowed = check("open");
    EXPECT_EQ(allowed.status, 200) << allowed.body;
    EXPECT_TRUE(is_degraded(allowed)) << allowed.body;
    const HttpAnswer denied = check("shut");
    EXPECT_EQ(denied.status, 503) << denied.body;
    EXPECT_EQ(denied.headers.at("retry-after"), "1");
    EXPECT_TRUE(is_degraded(denied)) << denied.body;
    const HttpAnswer by_share = check("own");
    EXPECT_EQ(by_share.status, i < 2 ? 200 : 429) << by_share.body;
    EXPECT_TRUE(is_degraded(by_share)) << by_share.body;
  }
  EXPECT_EQ(connection.post("/check", check_of("k", 2)).status, 503) << "by the store's own on_store_failure";
  EXPECT_EQ(connection.get("/v1/counters/open/a").status, 503);
  EXPECT_EQ(connection.send("DELETE", "/v1/counters/open/a", "").status, 503);
  EXPECT_TRUE(ask_port(service.resp_port(), {"RG.CHECK", "shut", "a"}).is_error("UNAVAILABLE"));
  EXPECT_FALSE(ask_port(service.resp_port(), {"RG.CHECK", "open", "a"}).is_error());
  EXPECT_TRUE(ask_port(service.resp_port(), {"RG.RESET", "open", "a"}).is_error("UNAVAILABLE"));

  ASSERT_TRUE(server.start()) << server.log();
  // Each loop notices, whether it is asked or not.
  EXPECT_TRUE(eventually([&] {
    return contains(connection.get("/ready").body, R"({"name":"store default","ready":true,)");
  })) << connection.get("/ready").body;
  EXPECT_EQ(check("shut").status, 200);
  EXPECT_EQ(check("shut").status, 200);
  const HttpAnswer refused = check("shut");
  EXPECT_EQ(refused.status, 429);
  EXPECT_FALSE(is_degraded(refused)) << refused.body;
  EXPECT_TRUE(eventually([&] { return contains(service.log(), "redis answers again"); })) << service.log();
}

}  // namespace
}  // namespace rateguard::test

// TLS with a Cluster that tells its clients IP addresses, while its certificate is for a name.
#include <gtest/gtest.h>

#include <optional>

#include "net/tls_client.h"
#include "redis/cluster.h"
#include "redis/fake_redis_testing.h"
#include "support/redis/certificates.h"
#include "support/redis/redis_servers.h"

namespace rateguard::redis {
namespace {

constexpr Duration kPatient = Duration::seconds(10);

// Two primaries with TLS alone; the plain ports are how the test asks.
class TlsServerNameTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(test::make_certificate(folder_.path(), "server", "DNS:redis.internal"));
    for (size_t i = 0; i < 2; ++i) {
      nodes_[i].emplace(std::vector<std::string>{
          "--cluster-enabled", "yes", "--tls-cluster", "yes", "--cluster-port", std::to_string(bus_ports_[i]),
          "--tls-port", std::to_string(tls_ports_[i]), "--tls-cert-file", file("server.pem"), "--tls-key-file",
          file("server.key"), "--tls-ca-cert-file", file("ca.pem"), "--tls-auth-clients", "no"});
      ASSERT_TRUE(nodes_[i]->start()) << nodes_[i]->log();
    }
    EXPECT_EQ(nodes_[0]->ask({"CLUSTER", "ADDSLOTSRANGE", "0", "8191"}).text, "OK");
    EXPECT_EQ(nodes_[1]->ask({"CLUSTER", "ADDSLOTSRANGE", "8192", "16383"}).text, "OK");
    nodes_[0]->ask({"CLUSTER", "MEET", "127.0.0.1", std::to_string(tls_ports_[1]), std::to_string(bus_ports_[1])});
    ASSERT_TRUE(run_until(*loop_, [&] {
      return nodes_[0]->ask({"CLUSTER", "INFO"}).text.starts_with("cluster_state:ok") &&
             nodes_[1]->ask({"CLUSTER", "INFO"}).text.starts_with("cluster_state:ok") &&
             nodes_[0]->ask({"CLUSTER", "SLOTS"}).elements.size() == 2;
    }));
  }
  std::string file(const char* name) const { return (folder_.path() / name).string(); }
  void connect(const std::string& tls_name) {
    const auto tls = net::TlsClientContext::create({.ca = file("ca.pem")});
    ASSERT_TRUE(tls.has_value()) << tls.error().message;
    ClusterSettings settings{
        .seeds = {{.target = {.host = "127.0.0.1", .port = tls_ports_[0]}, .tls = *tls, .tls_name = tls_name}}};
    cluster_.emplace(*loop_, settings, ConnectionOptions{});
    cluster_->start();
  }

  const test::ScratchFolder folder_;
  const std::array<uint16_t, 2> bus_ports_ = {test::reserved_port(), test::reserved_port()};
  const std::array<uint16_t, 2> tls_ports_ = {test::reserved_port(), test::reserved_port()};
  std::array<std::optional<test::RedisServer>, 2> nodes_;
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  std::optional<Cluster> cluster_;
};

TEST_F(TlsServerNameTest, EveryNodeThatTheClusterTellsOfIsVerifiedForTheName) {
  connect("redis.internal");
  ASSERT_TRUE(run_until(*loop_, [&] { return cluster_->is_ready(); })) << cluster_->problem();
  for (const std::string_view key : {"bar", "foo"}) {  // slots 5061 and 12182
    std::optional<Reply> reply;
    cluster_->call(key, {"INCR", key}, kPatient, [&](const CommandResult& answer) {
      reply = answer ? **answer : Reply{.text = answer.error().message};
    });
    ASSERT_TRUE(run_until(*loop_, [&] { return reply.has_value(); }));
    EXPECT_EQ(reply->integer, 1) << reply->text;
  }
  cluster_->stop();
}

TEST_F(TlsServerNameTest, WithoutItOrWithAnotherTheMessageNamesTheSetting) {
  for (const char* const name : {"", "elsewhere.internal"}) {
    connect(name);
    ASSERT_TRUE(run_until(*loop_, [&] { return cluster_->is_hopeless(); })) << cluster_->problem();
    EXPECT_TRUE(cluster_->problem().contains("mismatch")) << cluster_->problem();
    EXPECT_TRUE(cluster_->problem().contains("tls_server_name")) << cluster_->problem();
    cluster_->stop();
  }
}

}  // namespace
}  // namespace rateguard::redis

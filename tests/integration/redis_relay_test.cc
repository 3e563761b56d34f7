// A Redis behind an address that is repointed: the server that was there is not the one to ask any more.
#include <gtest/gtest.h>

#include "integration/redis_for_tests.h"
#include "support/redis/certificates.h"
#include "support/redis/relay.h"

namespace rateguard::test {
namespace {

// What becomes of the primary when another takes its place.
enum class Demotion : uint8_t { kReadOnly, kMasterDown, kLoading };
enum class Wire : uint8_t { kPlain, kTls };

// Two servers, the second a replica of the first, and a relay to the first.
class RedisRelayTest : public testing::TestWithParam<std::tuple<Demotion, Wire>> {
 protected:
  void SetUp() override {
    if (wire() == Wire::kTls) {
      ASSERT_TRUE(make_certificate(folder_.path(), "server", "IP:127.0.0.1"));
    }
    for (size_t i = 0; i < 2; ++i) {
      servers_[i] = std::make_unique<RedisServer>(arguments(tls_ports_[i]));
      ASSERT_TRUE(servers_[i]->start()) << servers_[i]->log();
    }
    ASSERT_EQ(second().ask({"REPLICAOF", "127.0.0.1", std::to_string(first().port())}).text, "OK");
    ASSERT_TRUE(is_linked());
    relay_.emplace(port_of(0));
  }
  Demotion demotion() const { return std::get<0>(GetParam()); }
  Wire wire() const { return std::get<1>(GetParam()); }
  RedisServer& first() { return *servers_[0]; }
  RedisServer& second() { return *servers_[1]; }
  uint16_t port_of(size_t i) const { return wire() == Wire::kTls ? tls_ports_[i] : servers_[i]->port(); }
  std::vector<std::string> arguments(uint16_t tls_port) const {
    std::vector<std::string> words = {"--repl-diskless-sync-delay", "0"};
    if (wire() == Wire::kPlain) return words;
    const auto file = [&](const char* name) { return (folder_.path() / name).string(); };
    words.insert(words.end(),
                 {"--tls-port", std::to_string(tls_port), "--tls-cert-file", file("server.pem"), "--tls-key-file",
                  file("server.key"), "--tls-ca-cert-file", file("ca.pem"), "--tls-auth-clients", "no"});
    return words;
  }
  bool is_linked() {
    return eventually([&] { return contains(second().ask({"INFO", "replication"}).text, "master_link_status:up"); });
  }
  bool has_copied() {
    return eventually([&] {
      return first().ask({"DBSIZE"}).integer == second().ask({"DBSIZE"}).integer &&
             contains(first().ask({"INFO", "replication"}).text, "lag=0");
    });
  }
  std::string config(const std::string& settings) const {
    const std::string url = fmt::format("redis{}://127.0.0.1:{}", wire() == Wire::kTls ? "s" : "", relay_->port());
    return folder_.write(
        "rateguard.yaml",
        fmt::format("stores: {{default: {{type: redis, url: \"{}\"{}{}}}}}\n"
                    "rules: [{{name: r, per: user, limit: 100/d, on_store_failure: deny}}]\n",
                    url, wire() == Wire::kTls ? ", tls: {ca: \"" + (folder_.path() / "ca.pem").string() + "\"}" : "",
                    settings));
  }
  void promote_second() { ASSERT_EQ(second().ask({"REPLICAOF", "NO", "ONE"}).text, "OK"); }
  // The first becomes what its kind of demotion makes of it.
  void demote_first() {
    const std::string to = std::to_string(demotion() == Demotion::kMasterDown ? reserved_port() : second().port());
    if (demotion() == Demotion::kMasterDown) first().ask({"CONFIG", "SET", "replica-serve-stale-data", "no"});
    if (demotion() == Demotion::kLoading) {
      // Ten thousand keys at a millisecond each.
      second().ask({"EVAL", "for i = 1, 10000 do redis.call('SET', 'filler' .. i, string.rep('x', 100)) end", "0"});
      first().ask({"CONFIG", "SET", "key-load-delay", "1000"});
      first().ask({"CONFIG", "SET", "loading-process-events-interval-bytes", "1024"});
    }
    ASSERT_EQ(first().ask({"REPLICAOF", "127.0.0.1", to}).text, "OK");
    if (demotion() == Demotion::kLoading) {
      ASSERT_TRUE(eventually([&] { return first().ask({"PING"}).is_error("LOADING"); })) << first().log();
    }
  }

  const TemporaryFolder folder_;
  const std::array<uint16_t, 2> tls_ports_ = {reserved_port(), reserved_port()};
  std::array<std::unique_ptr<RedisServer>, 2> servers_;
  std::optional<Relay> relay_;
};

TEST_P(RedisRelayTest, NoCheckIsDegradedAndAllAreCountedByTheServerThatTookItsPlace) {
  const Service service({"--config", config(kPatient), "--threads", "1"});
  HttpConnection connection(service.port());
  for (int i = 0; i < 3; ++i) ASSERT_EQ(connection.post("/check", check_rule("r", "a")).status, 200) << service.log();
  ASSERT_TRUE(has_copied());
  promote_second();
  relay_->repoint(port_of(1));
  demote_first();
  for (int i = 0; i < 20; ++i) {
    const HttpAnswer answer = connection.post("/check", check_rule("r", "a"));
    EXPECT_FALSE(is_degraded(answer)) << i << answer.body << service.log();
  }
  const HttpAnswer last = connection.post("/check", check_rule("r", "a"));
  EXPECT_TRUE(contains(last.body, fmt::format(R"("remaining":{},)", 100 - 3 - 20 - 1))) << last.body;
  EXPECT_FALSE(contains(service.log(), "redis fails")) << "it went on\n" << service.log();
}

TEST_P(RedisRelayTest, AWrongServerIsReportedOnceAndLeftWhenTheAddressIsRepointed) {
  const Service service({"--config", config(", deadline: 1s"), "--threads", "2"});
  HttpConnection connection(service.port());
  ASSERT_EQ(connection.post("/check", check_rule("r", "a")).status, 200);
  ASSERT_TRUE(has_copied());
  promote_second();
  demote_first();
  const char* const said[] = {"it is a replica of 127.0.0.1:", "MASTERDOWN", "LOADING"};
  const char* const words = said[static_cast<size_t>(demotion())];
  // Over several breakers' times.
  int asked = 0;
  EXPECT_TRUE(eventually([&] {
    for (int i = 0; i < 5; ++i) is_degraded(connection.post("/check", check_rule("r", "a")));
    return ++asked > 40 && contains(connection.get("/ready").body, words);
  })) << connection.get("/ready").body;
  const std::string ready = connection.get("/ready").body;
  EXPECT_TRUE(contains(ready, R"({"name":"store default","ready":false,)")) << ready;
  EXPECT_TRUE(contains(ready, "failing for ")) << ready;
  const std::string log = service.log();
  EXPECT_EQ(count_of(log, "redis fails"), 1u) << log;
  EXPECT_LE(count_of(log, "redis still fails"), 2u) << "another reason each\n" << log;
  EXPECT_EQ(count_of(log, "redis answers again"), 0u) << log;
  relay_->repoint(port_of(1));
  EXPECT_TRUE(eventually([&] { return !is_degraded(connection.post("/check", check_rule("r", "a"))); }))
      << service.log();
  EXPECT_TRUE(eventually([&] { return count_of(service.log(), "redis answers again") == 1; })) << service.log();
}

std::string name_of(const testing::TestParamInfo<std::tuple<Demotion, Wire>>& info) {
  const char* const demotions[] = {"ReadOnly", "MasterDown", "Loading"};
  return std::string(demotions[static_cast<size_t>(std::get<0>(info.param))]) +
         (std::get<1>(info.param) == Wire::kTls ? "OverTls" : "");
}

INSTANTIATE_TEST_SUITE_P(Each, RedisRelayTest,
                         testing::Values(std::tuple(Demotion::kReadOnly, Wire::kPlain),
                                         std::tuple(Demotion::kReadOnly, Wire::kTls),
                                         std::tuple(Demotion::kMasterDown, Wire::kPlain),
                                         std::tuple(Demotion::kMasterDown, Wire::kTls),
                                         std::tuple(Demotion::kLoading, Wire::kPlain)),
                         name_of);

}  // namespace
}  // namespace rateguard::test

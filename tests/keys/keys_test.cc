// API keys of a catalog in a SQLite file, as the built program takes them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "catalog/sqlite/sqlite_catalog.h"
#include "keys/catalog_fixture.h"
#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

constexpr const char* kConfig = R"(
identity: {{api_keys: catalog}}
catalog: {{url: "sqlite:{}"}}
log: {{access: true, level: debug}}
rules:
- {{name: chat, match: {{path: /chat}}, per: api_key, limit: 1/h}}
- {{name: plans, match: {{path: /plans}}, per: workspace, by_plan: {{pro: 2/h}}}}
- {{name: team, match: {{path: /team}}, per: "tag:team", limit: 1/h}}
)";

class KeysTest : public testing::Test {
 protected:
  std::string file() const { return (folder_.path() / "catalog.db").string(); }
  std::string code(const HttpAnswer& answer) {
    const size_t at = answer.body.find("\"code\":\"");
    return at == std::string::npos ? "" : answer.body.substr(at + 8, answer.body.find('"', at + 8) - at - 8);
  }
  HttpAnswer verify(const std::string& members) {
    return connection_.post("/v1/verify", "{" + members + "}", {"Content-Type: application/json"});
  }
  HttpAnswer check(const std::string& body) {
    return connection_.post("/check", body, {"Content-Type: application/json"});
  }

  TemporaryFolder folder_;
  CatalogBeside catalog_{*catalog::open_sqlite_catalog(file(), "test", wall_now())};
  Service service_{{"--config", folder_.write("rules.yaml", fmt::format(kConfig, file()))}};
  HttpConnection connection_{service_.port()};
};

TEST_F(KeysTest, AKeyIsKnownByItsRecordAndCountedByThePlansLimit) {
  const auto [record, key] = catalog_.add();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask_authz(connection_, key).status, 200) << i;
  EXPECT_EQ(ask_authz(connection_, key).status, 429);
  const auto another = catalog_.add();
  EXPECT_EQ(ask_authz(connection_, another.second).status, 200) << "each key has a counter of its own";
}

TEST_F(KeysTest, AnOwnLimitHoldsAndAChangedOneKeepsWhatWasUsed) {
  auto [record, key] = catalog_.add({.limits = {{"chat", "1/h"}}});
  EXPECT_EQ(ask_authz(connection_, key).status, 200);
  EXPECT_EQ(ask_authz(connection_, key).status, 429);
  record.limits = {{"chat", "2/h"}};
  ASSERT_TRUE(update(catalog_.store(), record, {}, wall_now()).has_value());
  EXPECT_TRUE(eventually([&, text = key] { return ask_authz(connection_, text).status == 200; }));
  EXPECT_EQ(ask_authz(connection_, key).status, 429);
}

TEST_F(KeysTest, EachReasonToRefuseAKeyHasItsCode) {
  const auto refused = [&](const std::string& key) {
    const HttpAnswer answer = ask_authz(connection_, key);
    return std::to_string(answer.status) + " " + code(answer);
  };
  EXPECT_EQ(refused(""), "401 key_missing");
  EXPECT_EQ(refused("rg_live_short"), "401 key_malformed");
  std::string mistyped = catalog_.add().second;
  mistyped[20] = mistyped[20] == 'a' ? 'b' : 'a';
  EXPECT_EQ(refused(mistyped), "401 key_mistyped");
  EXPECT_EQ(refused(std::string(catalog::make_secret(catalog::SecretKind::kLiveKey)->text.reveal())),
            "401 key_unknown");
  EXPECT_EQ(refused("imported from elsewhere"), "401 key_malformed");
  EXPECT_EQ(refused(catalog_.add({.revoked_at = wall_now()}).second), "401 key_revoked");
  EXPECT_EQ(refused(catalog_.add({.expires_at = wall_now()}).second), "401 key_expired");
  EXPECT_EQ(refused(catalog_.add({.allowed_networks = {"10.0.0.0/8"}}).second), "403 network_not_allowed");
  EXPECT_EQ(refused(catalog_.add({.allowed_networks = {"192.0.2.0/24"}}).second), "200 ");
  EXPECT_EQ(refused(catalog_.add({.allowed_routes = {"llm"}}).second), "403 route_not_allowed");
}

TEST_F(KeysTest, WhatAStrangerMayGuessIsAnsweredInTheSameWords) {
  const auto words = [&](const std::string& key) {
    std::string body = ask_authz(connection_, key).body;
    const std::string its_code = "\"code\":\"";
    const size_t at = body.find(its_code);
    return body.substr(0, at);
  };
  const std::string unknown = words(std::string(catalog::make_secret(catalog::SecretKind::kLiveKey)->text.reveal()));
  EXPECT_EQ(words("rg_live_short"), unknown);
  EXPECT_EQ(words("a-foreign-key"), unknown);
}

TEST_F(KeysTest, WorkspaceAndPlanAndTagsComeFromTheRecord) {
  const std::string key = catalog_.add({.tags = {{"team", "red"}}}).second;
  const auto facts = [&](const std::string& path, const std::string& more) {
    return check(fmt::format(R"({{"facts":{{"path":"{}","api_key":"{}"{}}}}})", path, key, more)).status;
  };
  EXPECT_EQ(facts("/plans", R"(,"plan":"enterprise","workspace":"another")"), 200);
  EXPECT_EQ(facts("/plans", R"(,"workspace":"a third")"), 200);
  EXPECT_EQ(facts("/plans", ""), 429);
  EXPECT_EQ(facts("/team", ""), 200);
  EXPECT_EQ(facts("/team", ""), 429);
}

TEST_F(KeysTest, ABatchLooksUpEachKey) {
  const std::string key = catalog_.add().second;
  const std::string body = fmt::format(
      R"({{"checks":[{{"facts":{{"path":"/chat","api_key":"{0}"}}}},{{"facts":{{"path":"/chat","api_key":"unknown"}}}},)"
      R"({{"facts":{{"path":"/chat","api_key":"{0}"}}}}]}})",
      key);
  const HttpAnswer answer = connection_.post("/v1/check/batch", body, {"Content-Type: application/json"});
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(contains(answer.body, R"("remaining":2)")) << answer.body;
  EXPECT_TRUE(contains(answer.body, R"("remaining":1)")) << answer.body;
  EXPECT_TRUE(contains(answer.body, R"("code":"key_unknown")")) << answer.body;
}

TEST_F(KeysTest, VerifyTellsTheKeyAndChargesItsLimits) {
  const auto [record, key] = catalog_.add({.scopes = {"llm:call"}});
  const std::string with_key = fmt::format(R"("key":"{}","facts":{{"path":"/chat"}})", key);
  const HttpAnswer good = verify(with_key + R"(,"scopes":["llm:call"],"cost":2)");
  EXPECT_EQ(good.status, 200);
  EXPECT_TRUE(good.body.starts_with(fmt::format(
      R"({{"valid":true,"code":"valid","key_id":"{}","workspace":"acme","plan":"pro","limits":[{{"allowed":true,)",
      record.head.id)))
      << good.body;
  const HttpAnswer limited = verify(with_key + R"(,"cost":2)");
  EXPECT_EQ(code(limited), "rate_limited") << limited.body;
  EXPECT_TRUE(contains(limited.body, R"("valid":false)"));
  EXPECT_EQ(code(verify(with_key + R"(,"scopes":["admin"])")), "scope_missing");
  EXPECT_EQ(code(verify(with_key + R"(,"limits":["plans"])")), "valid") << "the rule does not match that path";
  EXPECT_EQ(code(verify(R"("key":"nobody-has-it")")), "key_unknown");
  EXPECT_EQ(verify(R"("key":"x","limits":["no such rule"])").status, 400);
  EXPECT_EQ(verify(R"("key":"x","kye":1)").status, 400);
  EXPECT_EQ(verify(R"("route":"x")").status, 400);
}

TEST_F(KeysTest, ASuspendedWorkspacesKeysAreRefusedWithinSeconds) {
  const std::string key = catalog_.add().second;
  EXPECT_EQ(ask_authz(connection_, key).status, 200);
  catalog_.workspace.state = catalog::RecordState::kSuspended;
  ASSERT_TRUE(update(catalog_.store(), catalog_.workspace, {}, wall_now()).has_value());
  EXPECT_TRUE(eventually([&] { return code(ask_authz(connection_, key)) == "workspace_suspended"; }));
}

TEST_F(KeysTest, ARotatedKeyIsGoodUntilItsGraceEnds) {
  const std::string key = catalog_.add({.revoked_at = wall_now() + Duration::seconds(2)}).second;
  EXPECT_EQ(ask_authz(connection_, key).status, 200);
  EXPECT_TRUE(eventually([&] { return code(ask_authz(connection_, key)) == "key_revoked"; }));
}

TEST_F(KeysTest, TheLastUseIsWrittenDownLater) {
  const auto [record, key] = catalog_.add();
  EXPECT_EQ(ask_authz(connection_, key).status, 200);
  EXPECT_TRUE(eventually([&, id = record.head.id] {
    return catalog::get<catalog::ApiKeyRecord>(catalog_.store(), id)->last_used_at.has_value();
  }));
}

TEST_F(KeysTest, NoKeyGetsIntoALogAMetricOrAnAnswer) {
  const std::string key = catalog_.add().second;
  const std::string unknown(catalog::make_secret(catalog::SecretKind::kLiveKey)->text.reveal());
  std::string told;
  for (const std::string& one : {key, unknown}) {
    told += ask_authz(connection_, one).body;
    told += verify(fmt::format(R"("key":"{}","extra":1)", one)).body;
    told += verify(fmt::format(R"("key":"{}")", one)).body;
    told += check(fmt::format(R"({{"facts":{{"path":"/chat","api_key":"{}"}},"explain":true}})", one)).body;
  }
  told += connection_.get("/metrics").body + connection_.get("/ready").body;
  service_.signal(SIGTERM);
  service_.wait();
  told += service_.log();
  EXPECT_TRUE(contains(told, "request"));
  for (const std::string& one : {key, unknown}) EXPECT_FALSE(contains(told, one.substr(8, 40)));
}

TEST(KeysWithoutACatalog, AnyTextIsAKeyAndVerifyHasNothingToAsk) {
  const TemporaryFolder folder;
  const std::string config = folder.write("r.yaml", "rules:\n- {name: chat, per: api_key, limit: 1/h}\n");
  const Service service({"--config", config});
  HttpConnection connection(service.port());
  EXPECT_EQ(ask_authz(connection, "anything").status, 200);
  EXPECT_EQ(ask_authz(connection, "anything").status, 429);
  EXPECT_EQ(connection.post("/v1/verify", R"({"key":"anything"})", {"Content-Type: application/json"}).status, 404);
}

}  // namespace
}  // namespace rateguard::test

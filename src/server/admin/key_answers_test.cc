// API keys over the admin API: made, imported, rotated, revoked, and what is known of them.
#include <gtest/gtest.h>

#include <string>

#include "catalog/keys/key_text.h"
#include "model/hex.h"
#include "rules/rule_set.h"
#include "server/admin/admin_harness_testing.h"

namespace rateguard::admin {
namespace {

using catalog::ApiKeyRecord;

class KeyAnswersTest : public testing::Test {
 protected:
  std::string body_of(std::string_view rest = {}) {
    return R"({"name":"k","workspace_id":")" + workspace + '"' + std::string(rest) + '}';
  }
  ApiKeyRecord stored(const std::string& id) { return catalog::get<ApiKeyRecord>(admin.catalog(), id).value(); }

  AdminHarness admin;
  const std::string workspace = admin.make("workspaces", R"({"name":"acme"})");
};

TEST_F(KeyAnswersTest, ANewKeyIsShownOnceAndFoundByIt) {
  const ReadAnswer made = admin.post("/v1/keys", body_of());
  ASSERT_EQ(made.status(), 201) << made.answer.body;
  const std::string secret = made.text("secret");
  EXPECT_EQ(catalog::look_at_key(secret).form, catalog::KeyForm::kWellFormed);
  EXPECT_TRUE(secret.starts_with("rg_live_"));
  EXPECT_TRUE(secret.ends_with(made.text("last4")));
  const auto found = catalog::find_by_sha256<ApiKeyRecord>(admin.catalog(), catalog::key_sha256(secret));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->head.id, made.text("id"));
  EXPECT_FALSE(admin.get("/v1/keys/" + made.text("id")).answer.body.contains("secret"));
  EXPECT_FALSE(admin.get("/v1/keys").answer.body.contains(secret));
  EXPECT_FALSE(admin.get("/v1/audit-log").answer.body.contains(secret));
  EXPECT_TRUE(admin.post("/v1/keys", body_of(R"(,"test":true)")).text("secret").starts_with("rg_test_"));
}

TEST_F(KeyAnswersTest, ARepetitionIsNotToldTheSecretAgain) {
  const HeaderList headers = {{"Idempotency-Key", "once"}};
  const ReadAnswer first = admin.ask("POST", "/v1/keys", body_of(), headers);
  const ReadAnswer again = admin.ask("POST", "/v1/keys", body_of(), headers);
  EXPECT_EQ(again.status(), 201);
  EXPECT_EQ(again.text("id"), first.text("id"));
  EXPECT_TRUE(first.data().at("secret").is_string());
  EXPECT_TRUE(again.data().at("secret").is_null());
  EXPECT_EQ(admin.get("/v1/keys").data().as_array().size(), 1u);
}

TEST_F(KeyAnswersTest, AKeyIsImportedByItsHash) {
  const std::string hash(64, 'a');
  const ReadAnswer made =
      admin.post("/v1/keys", body_of(R"(,"sha256":")" + hash + R"(","prefix":"sk-","last4":"wxyz")"));
  ASSERT_EQ(made.status(), 201) << made.answer.body;
  EXPECT_TRUE(made.data().at("secret").is_null());
  EXPECT_EQ(made.text("prefix"), "sk-");
  EXPECT_EQ(stored(made.text("id")).sha256, *catalog::parse_sha256(hash));
  EXPECT_EQ(admin.post("/v1/keys", body_of(R"(,"sha256":")" + hash + '"')).status(), 409);
  EXPECT_EQ(admin.post("/v1/keys", body_of(R"(,"sha256":"abc")")).problem("field"), "sha256");
  EXPECT_EQ(admin.post("/v1/keys", body_of(R"(,"prefix":"sk-")")).problem("field"), "prefix");
}

TEST_F(KeyAnswersTest, WhatAKeyMayDoIsChecked) {
  const auto field = [&](std::string_view rest) { return admin.post("/v1/keys", body_of(rest)).problem("field"); };
  EXPECT_EQ(field(R"(,"allowed_networks":["10.0.0.0/33"])"), "allowed_networks");
  EXPECT_EQ(field(R"(,"scopes":[""])"), "scopes");
  EXPECT_EQ(field(R"(,"expires_at":"tomorrow")"), "expires_at");
  EXPECT_EQ(field(R"(,"revoked_at":"2026-01-01T00:00:00Z")"), "revoked_at");
  EXPECT_EQ(field(R"(,"plan_id":"plan_none")"), "plan_id");
  const ReadAnswer made =
      admin.post("/v1/keys", body_of(R"(,"allowed_networks":["10.0.0.0/8"],"scopes":["llm:call"],"tags":{"team":"a"},
                             "expires_at":"2027-01-01T01:00:00+01:00")"));
  ASSERT_EQ(made.status(), 201) << made.answer.body;
  EXPECT_EQ(made.text("expires_at"), "2027-01-01T00:00:00Z");
}

TEST_F(KeyAnswersTest, ARotatedKeyWorksUntilItsGraceHasPassed) {
  const std::string id = admin.make("keys", body_of(R"(,"scopes":["llm:call"])"));
  const ReadAnswer rotated = admin.post("/v1/keys/" + id + "/rotate", R"({"grace_seconds":3600})");
  ASSERT_EQ(rotated.status(), 201) << rotated.answer.body;
  EXPECT_NE(rotated.text("id"), id);
  EXPECT_TRUE(rotated.text("secret").starts_with("rg_live_"));
  EXPECT_EQ(stored(rotated.text("id")).scopes, catalog::TextList{"llm:call"});
  EXPECT_EQ(stored(id).rotated_to, rotated.text("id"));
  EXPECT_EQ(stored(id).revoked_at, admin.now + Duration::seconds(3'600));
  EXPECT_EQ(admin.post("/v1/keys/" + id + "/rotate", "").problem("code"), "rotated");
  EXPECT_EQ(admin.post("/v1/keys/" + id + "/rotate", R"({"grace":1})").status(), 400);
  EXPECT_EQ(admin.post("/v1/keys/" + id + "/rotate", R"({"grace_seconds":1,"force":true})").problem("field"), "force");
  EXPECT_EQ(admin.post("/v1/keys/" + id + "/rotate", R"({"grace_seconds":-1})").status(), 400);
}

TEST_F(KeyAnswersTest, ARevocationHoldsAtOnceAndIsRepeatedWithoutHarm) {
  const std::string id = admin.make("keys", body_of());
  const ReadAnswer revoked = admin.post("/v1/keys/" + id + "/revoke", "");
  EXPECT_EQ(revoked.status(), 200);
  EXPECT_EQ(stored(id).revoked_at, admin.now);
  admin.now.us += 5'000'000;
  EXPECT_EQ(admin.post("/v1/keys/" + id + "/revoke", "").data(), revoked.data());
  const ReadAnswer log = admin.get("/v1/audit-log?action=api_key.revoke");
  ASSERT_EQ(log.data().as_array().size(), 1u);
  EXPECT_EQ(log.data().at(0).at("actor").at("id").as_string(), "environment");
  EXPECT_EQ(log.data().at(0).at("actor").at("address").as_string(), "192.0.2.1");
}

TEST_F(KeyAnswersTest, TheStrongestLimitIsInForceAndTheOthersAreNamed) {
  const std::string plan =
      admin.make("plans", R"({"name":"pro","limits":{"chat":"10/m","tokens":"5/m","images":"1/m"}})");
  admin.patch("/v1/workspaces/" + workspace,
              R"({"plan_id":")" + plan + R"(","limits":{"chat":"20/m","tokens":"6/m"}})");
  const std::string id = admin.make("keys", body_of(R"(,"limits":{"chat":"30/m"})"));
  const ReadAnswer rules = admin.get("/v1/keys/" + id + "/effective-rules");
  ASSERT_EQ(rules.status(), 200) << rules.answer.body;
  EXPECT_EQ(rules.text("plan"), "pro");
  std::string told;
  for (const auto& limit : rules.data().at("limits").as_array()) {
    told += std::string(limit.at("rule").as_string()) + " " +
            std::string(limit.at("in_force").at("limit").as_string()) + " " +
            std::string(limit.at("in_force").at("source").as_string());
    for (const auto& other : limit.at("overridden").as_array())
      told += " >" + std::string(other.at("source").as_string());
    told += '\n';
  }
  EXPECT_EQ(told, "chat 30/m key >workspace >plan\nimages 1/m plan\ntokens 6/m workspace >plan\n");
}

TEST_F(KeyAnswersTest, EachRuleInForceSaysWhichLimitTheKeyHas) {
  const Limit own = *Limit::token_bucket(5, {.units = 5, .period = Duration::seconds(60)});
  const std::vector<rules::Part> per = {*rules::Part::parse("api_key")};
  admin.parts.rules.set(
      rules::RuleSet::compile({{.name = "chat", .per = per, .limit = own},
                               {.name = "window", .per = per, .limit = *Limit::fixed_window(9, Duration::seconds(60))},
                               {.name = "plans", .per = per, .by_plan = {{"pro", own}}},
                               {.name = "open", .per = per, .limit = own}})
          .value());
  const std::string plan = admin.make("plans", R"({"name":"pro","limits":{"open":"unlimited"}})");
  const std::string id = admin.make(
      "keys", body_of(R"(,"plan_id":")" + plan + R"(","limits":{"chat":"600/m","window":"9/m burst 3","gone":"1/s"})"));
  const ReadAnswer told = admin.get("/v1/keys/" + id + "/effective-rules");
  std::string all;
  for (const auto& rule : told.data().at("rules").as_array()) {
    all += std::string(rule.at("rule").as_string()) + ' ' + std::string(rule.at("source").as_string());
    all += rule.at("limit").is_null() ? " null" : " " + std::to_string(rule.at("limit").at("units").to_number<int>());
    all += rule.at("unlimited").as_bool() ? " unlimited" : "";
    all += rule.at("problem").is_null() ? "\n" : " problem\n";
  }
  EXPECT_EQ(all, "chat key 600\nwindow rule 9 problem\nplans by_plan 5\nopen plan null unlimited\n")
      << told.answer.body;
  EXPECT_EQ(told.data().at("rules").at(0).at("source_id").as_string(), id);
  EXPECT_TRUE(told.data().at("rules").at(2).at("source_id").is_null());
}

TEST_F(KeyAnswersTest, PropagationSaysWhichInstanceKnowsAChangeSinceWhen) {
  const std::string id = admin.make("keys", body_of());
  const int64_t revision = stored(id).head.revision;
  EXPECT_FALSE(admin.get("/v1/keys/" + id + "/propagation").data().at("applied_everywhere").as_bool());
  const auto report = [&](const std::string& name, int64_t applied) {
    const catalog::InstanceReport its = {.id = name,
                                         .address = "127.0.0.1:1",
                                         .version = "test",
                                         .started_at = admin.now,
                                         .seen_at = admin.now,
                                         .applied = {{applied, admin.now}}};
    ASSERT_TRUE(admin.catalog().report_instance(its).has_value());
  };
  report("a", revision);
  report("b", revision - 1);
  ReadAnswer told = admin.get("/v1/keys/" + id + "/propagation");
  EXPECT_FALSE(told.data().at("applied_everywhere").as_bool());
  EXPECT_TRUE(told.data().at("instances").at(0).at("applied").as_bool());
  EXPECT_FALSE(told.data().at("instances").at(1).at("applied").as_bool());
  EXPECT_TRUE(told.data().at("instances").at(1).at("applied_at").is_null());
  report("b", revision + 3);
  told = admin.get("/v1/keys/" + id + "/propagation");
  EXPECT_TRUE(told.data().at("applied_everywhere").as_bool());
  EXPECT_EQ(admin.get("/v1/system/instances").data().as_array().size(), 2u);
}

TEST_F(KeyAnswersTest, UseIsToldAsTheCatalogTracksIt) {
  const std::string id = admin.make("keys", body_of());
  EXPECT_TRUE(admin.get("/v1/keys/" + id + "/usage").data().at("last_used_at").is_null());
  const catalog::KeyUse use = {.id = id, .at = admin.now, .region = "eu"};
  ASSERT_TRUE(admin.catalog().note_uses(std::span(&use, 1)).has_value());
  const ReadAnswer told = admin.get("/v1/keys/" + id + "/usage");
  EXPECT_EQ(told.text("last_used_at"), "2026-05-28T20:26:40Z");
  EXPECT_EQ(told.text("last_used_region"), "eu");
}

TEST_F(KeyAnswersTest, LimitsAreSetAndRemovedOneByOne) {
  const std::string path = "/v1/keys/" + admin.make("keys", body_of()) + "/limits";
  const HeaderList any = {{"If-Match", "*"}};
  EXPECT_EQ(admin.ask("PUT", path + "/chat", R"({"limit":"5/m"})").status(), 428);
  const ReadAnswer set = admin.ask("PUT", path + "/chat%20bot", R"({"limit":"5/m"})", any);
  EXPECT_EQ(set.status(), 200) << set.answer.body;
  EXPECT_EQ(set.text("rule"), "chat bot");
  EXPECT_EQ(set.header("ETag"), "\"2\"");
  EXPECT_EQ(admin.ask("PUT", path + "/chat", R"({"limit":"5"})", {{"If-Match", "\"1\""}}).status(), 412);
  EXPECT_EQ(admin.ask("PUT", path + "/chat", R"({"limit":"five"})", any).problem("field"), "limit");
  EXPECT_EQ(admin.ask("PUT", path + "/chat", R"({"limit":"5/m","limti":"6/m"})", any).problem("detail"),
            "limti: is unknown; did you mean limit?");
  EXPECT_EQ(admin.ask("PUT", path + "/chat", "{}", any).problem("field"), "limit");
  EXPECT_EQ(admin.get(path).data().as_array().size(), 1u);
  EXPECT_EQ(admin.ask("DELETE", path + "/other", "", any).status(), 404);
  EXPECT_EQ(admin.ask("DELETE", path + "/chat%20bot", "", any).status(), 204);
  EXPECT_EQ(admin.get(path).data().as_array().size(), 0u);
}

}  // namespace
}  // namespace rateguard::admin

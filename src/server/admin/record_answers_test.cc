// Lists, reads, makes, changes and removes records over the admin API.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "server/admin/admin_harness_testing.h"

namespace rateguard::admin {
namespace {

TEST(RecordAnswersTest, WhatIsMadeIsAnsweredInAnEnvelopeWithItsEtagAndPlace) {
  AdminHarness admin;
  const ReadAnswer made =
      admin.post("/v1/workspaces", R"({"name":"acme","title":"Acme Ltd.","limits":{"chat":"600/m"}})");
  ASSERT_EQ(made.status(), 201) << made.answer.body;
  EXPECT_EQ(made.header("ETag"), "\"1\"");
  EXPECT_EQ(made.header("Location"), "/v1/workspaces/" + made.text("id"));
  EXPECT_EQ(made.header("Cache-Control"), "no-store");
  EXPECT_EQ(made.json.at("meta").at("request_id").as_string(), "test-request");
  EXPECT_EQ(made.text("title"), "Acme Ltd.");
  EXPECT_EQ(made.text("state"), "active");
  EXPECT_EQ(made.text("created_at"), "2026-05-28T20:26:40Z");
  EXPECT_TRUE(made.data().at("plan_id").is_null());
  EXPECT_EQ(made.data().at("limits").at("chat").as_string(), "600/m");
  const ReadAnswer read = admin.get("/v1/workspaces/" + made.text("id"));
  EXPECT_EQ(read.data(), made.data());
  EXPECT_EQ(read.header("ETag"), "\"1\"");
}

TEST(RecordAnswersTest, AnUnknownMemberIsRefusedWithTheNearestKnownName) {
  AdminHarness admin;
  const ReadAnswer answer = admin.post("/v1/workspaces", R"({"name":"acme","titel":"x"})");
  EXPECT_EQ(answer.status(), 400);
  EXPECT_EQ(answer.problem("field"), "titel");
  EXPECT_EQ(answer.problem("detail"), "titel: is unknown; did you mean title?");
  EXPECT_EQ(answer.answer.content_type, "application/problem+json");
  EXPECT_EQ(admin.get("/v1/workspaces").data().as_array().size(), 0u);
}

TEST(RecordAnswersTest, EverythingThatIsWrongWithABodyIsSaidAtOnce) {
  AdminHarness admin;
  const ReadAnswer answer =
      admin.post("/v1/workspaces", R"({"title":5,"state":"asleep","limits":{"a":7},"version":3})");
  EXPECT_EQ(answer.status(), 400);
  const auto& errors = answer.json.at("errors").as_array();
  std::string all;
  for (const auto& error : errors) {
    all += std::string(error.at("field").as_string()) + ": " + std::string(error.at("detail").as_string()) + '\n';
  }
  EXPECT_EQ(all,
            "name: is missing\n"
            "title: expected text, found 5\n"
            "state: expected one of active, suspended, found \"asleep\"\n"
            "limits: 'a': expected text, found 7\n"
            "version: cannot be given: the program sets it\n");
}

TEST(RecordAnswersTest, ABodyThatIsNoObjectIsRefused) {
  AdminHarness admin;
  for (const char* const body :
       {"", "[]", "{", "{\"name\":\"a\"} x", "{\"name\":\"a\",\"name\":\"b\"}", "{\"name\":\"\xff\"}", "null"}) {
    EXPECT_EQ(admin.post("/v1/workspaces", body).status(), 400) << body;
  }
  EXPECT_EQ(admin.ask("POST", "/v1/workspaces", "{\"name\":\"a\"}", {{"Content-Type", "text/plain"}}).status(), 415);
  EXPECT_EQ(admin.get("/v1/workspaces").data().as_array().size(), 0u);
}

TEST(RecordAnswersTest, WhatIsStoredIsWhatAConfigurationWouldTake) {
  AdminHarness admin;
  const auto problem = [&](const std::string& collection, const std::string& body) {
    const ReadAnswer answer = admin.post("/v1/" + collection, body);
    return std::to_string(answer.status()) + " " + answer.problem("field");
  };
  EXPECT_EQ(problem("plans", R"({"name":"p","limits":{"chat":"600 a minute"}})"), "400 limits");
  EXPECT_EQ(problem("plans", R"({"name":"p","limits":{"chat":"0/m"}})"), "400 limits");
  EXPECT_EQ(problem("plans", R"({"name":"a b"})"), "400 name");
  EXPECT_EQ(problem("plans", R"({"name":"p","limits":{"chat":"600/m burst 20","all":"unlimited","open":"20"}})"),
            "201 ");
  EXPECT_EQ(problem("rules", R"({"name":"r","definition":"{name: r, per: ip}"})"), "400 definition");
  EXPECT_EQ(problem("rules", R"({"name":"r","definition":"{name: q, per: ip, limit: 5/m}"})"), "400 definition");
  EXPECT_EQ(problem("rules", R"({"name":"r","definition":{"name":"r","per":"ip","limit":"5/m"}})"), "201 ");
  EXPECT_EQ(problem("budgets", R"({"name":"b","amount":0})"), "400 amount");
  EXPECT_EQ(problem("budgets", R"({"name":"b","amount":5,"time_zone":"Mars/Olympus"})"), "400 time_zone");
  EXPECT_EQ(problem("budgets", R"({"name":"b","amount":5,"workspace_id":"ws_none"})"), "422 workspace_id");
  EXPECT_EQ(problem("alert-channels", R"({"name":"c","channel":"webhook","target":"ftp://x"})"), "400 target");
  EXPECT_EQ(problem("members", R"({"email":"nobody","role":"viewer"})"), "400 email");
}

TEST(RecordAnswersTest, WhatDependsOnAnotherMemberIsCheckedWithIt) {
  AdminHarness admin;
  const std::string rule = admin.make("rules", R"({"name":"a","definition":"{name: a, per: ip, limit: 5/m}"})");
  EXPECT_EQ(admin.patch("/v1/rules/" + rule, R"({"name":"b"})").problem("field"), "definition");
  const std::string channel =
      admin.make("alert-channels", R"({"name":"c","channel":"webhook","target":"https://a.example/x"})");
  EXPECT_EQ(admin.patch("/v1/alert-channels/" + channel, R"({"channel":"email"})").problem("field"), "target");
}

TEST(RecordAnswersTest, AChangeNeedsTheVersionThatItStandsOn) {
  AdminHarness admin;
  const std::string path = "/v1/plans/" + admin.make("plans", R"({"name":"pro"})");
  EXPECT_EQ(admin.ask("PATCH", path, R"({"title":"Pro"})").status(), 428);
  EXPECT_EQ(admin.ask("PATCH", path, R"({"title":"Pro"})", {{"If-Match", "\"2\""}}).status(), 412);
  EXPECT_EQ(admin.ask("PATCH", path, R"({"title":"Pro"})", {{"If-Match", "W/\"1\""}}).status(), 412);
  const ReadAnswer changed = admin.ask("PATCH", path, R"({"title":"Pro"})", {{"If-Match", "\"7\", \"1\""}});
  EXPECT_EQ(changed.status(), 200) << changed.answer.body;
  EXPECT_EQ(changed.header("ETag"), "\"2\"");
  EXPECT_EQ(changed.text("name"), "pro");
  EXPECT_EQ(changed.text("title"), "Pro");
  EXPECT_EQ(admin.ask("DELETE", path).status(), 428);
  EXPECT_EQ(admin.ask("DELETE", path, "", {{"If-Match", "\"1\""}}).status(), 412);
  EXPECT_EQ(admin.ask("DELETE", path, "", {{"If-Match", "\"2\""}}).status(), 204);
  EXPECT_EQ(admin.get(path).status(), 404);
}

TEST(RecordAnswersTest, OfTwoWritersWithOneEtagOneWins) {
  AdminHarness admin;
  const std::string path = "/v1/plans/" + admin.make("plans", R"({"name":"pro"})");
  const std::string etag = admin.get(path).header("ETag");
  EXPECT_EQ(admin.ask("PATCH", path, R"({"title":"one"})", {{"If-Match", etag}}).status(), 200);
  const ReadAnswer second = admin.ask("PATCH", path, R"({"title":"two"})", {{"If-Match", etag}});
  EXPECT_EQ(second.status(), 412);
  EXPECT_EQ(second.header("ETag"), "\"2\"");
  EXPECT_EQ(second.problem("code"), "stale");
  EXPECT_EQ(admin.get(path).text("title"), "one");
}

TEST(RecordAnswersTest, ARepetitionWithItsKeyIsAnsweredAsBeforeAndDoneOnce) {
  AdminHarness admin;
  const HeaderList key = {{"Idempotency-Key", "k1"}};
  const ReadAnswer first = admin.ask("POST", "/v1/plans", R"({"name":"pro"})", key);
  const ReadAnswer again = admin.ask("POST", "/v1/plans", R"({"name":"pro"})", key);
  EXPECT_EQ(again.status(), 201);
  EXPECT_EQ(again.data(), first.data());
  EXPECT_EQ(again.header("ETag"), first.header("ETag"));
  EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
  EXPECT_EQ(first.header("Idempotent-Replayed"), "");
  EXPECT_EQ(admin.ask("POST", "/v1/plans", R"({"name":"other"})", key).problem("code"), "idempotency_key_reused");
  EXPECT_EQ(admin.ask("POST", "/v1/plans", R"({"name":"pro"})", {{"Idempotency-Key", "k2"}}).status(), 409);
  EXPECT_EQ(admin.ask("POST", "/v1/plans", "{}", {{"Idempotency-Key", std::string(256, 'k')}}).status(), 400);
  EXPECT_EQ(admin.get("/v1/plans").data().as_array().size(), 1u);
  admin.now.us += Duration::seconds(86'400).us;
  EXPECT_EQ(admin.ask("POST", "/v1/plans", R"({"name":"other"})", key).status(), 201);
}

TEST(RecordAnswersTest, ARemovalIsRepeatedAsARemoval) {
  AdminHarness admin;
  const std::string path = "/v1/plans/" + admin.make("plans", R"({"name":"pro"})");
  const HeaderList headers = {{"Idempotency-Key", "k"}, {"If-Match", "*"}};
  EXPECT_EQ(admin.ask("DELETE", path, "", headers).status(), 204);
  const ReadAnswer again = admin.ask("DELETE", path, "", headers);
  EXPECT_EQ(again.status(), 204);
  EXPECT_EQ(again.answer.body, "");
}

TEST(RecordAnswersTest, PagesFollowOneAnotherWithoutGapsOrRepetitions) {
  AdminHarness admin;
  std::set<std::string> made;
  for (int i = 0; i < 25; ++i) made.insert(admin.make("plans", "{\"name\":\"p" + std::to_string(i) + "\"}"));
  std::set<std::string> seen;
  std::string cursor;
  int pages = 0;
  do {
    const ReadAnswer page = admin.get("/v1/plans?limit=10" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(page.status(), 200) << page.answer.body;
    for (const auto& plan : page.data().as_array()) {
      EXPECT_TRUE(seen.insert(std::string(plan.at("id").as_string())).second);
    }
    const auto& next = page.json.at("pagination").at("next_cursor");
    EXPECT_EQ(page.json.at("pagination").at("has_more").as_bool(), next.is_string());
    cursor = next.is_string() ? std::string(next.as_string()) : std::string();
    ++pages;
  } while (!cursor.empty());
  EXPECT_EQ(seen, made);
  EXPECT_EQ(pages, 3);
}

TEST(RecordAnswersTest, AListIsNarrowedByWhatItsKindCanBeFoundBy) {
  AdminHarness admin;
  const std::string acme = admin.make("workspaces", R"({"name":"acme"})");
  const std::string other = admin.make("workspaces", R"({"name":"other"})");
  const std::string key = admin.make("keys", R"({"name":"k","workspace_id":")" + acme + "\"}");
  admin.make("keys", R"({"name":"k","workspace_id":")" + other + "\"}");
  const ReadAnswer keys = admin.get("/v1/keys?workspace_id=" + acme);
  ASSERT_EQ(keys.data().as_array().size(), 1u);
  EXPECT_EQ(keys.data().at(0).at("id").as_string(), key);
  const ReadAnswer named = admin.get("/v1/workspaces?name=other");
  ASSERT_EQ(named.data().as_array().size(), 1u);
  EXPECT_EQ(named.data().at(0).at("id").as_string(), other);
  EXPECT_EQ(admin.get("/v1/workspaces?name=nobody").data().as_array().size(), 0u);
  EXPECT_EQ(admin.get("/v1/keys?worspace_id=x").problem("detail"),
            "worspace_id: is unknown; did you mean workspace_id?");
  EXPECT_EQ(admin.get("/v1/keys?name=k").status(), 400);
  EXPECT_EQ(admin.get("/v1/keys?limit=0").status(), 400);
  EXPECT_EQ(admin.get("/v1/keys?limit=1001").status(), 400);
  EXPECT_EQ(admin.get("/v1/keys?cursor=plan_1").status(), 400);
  EXPECT_EQ(admin.get("/v1/keys?limit=1&limit=2").status(), 400);
}

TEST(RecordAnswersTest, WhatIsThereAlreadyOrStillNeededIsAConflict) {
  AdminHarness admin;
  const std::string plan = admin.make("plans", R"({"name":"pro"})");
  EXPECT_EQ(admin.post("/v1/plans", R"({"name":"pro"})").problem("code"), "duplicate");
  admin.make("workspaces", R"({"name":"acme","plan_id":")" + plan + "\"}");
  const ReadAnswer refused = admin.ask("DELETE", "/v1/plans/" + plan, "", {{"If-Match", "*"}});
  EXPECT_EQ(refused.status(), 409);
  EXPECT_EQ(refused.problem("code"), "in_use");
}

TEST(RecordAnswersTest, WhoHasTheNewestVersionIsToldSo) {
  AdminHarness admin;
  const std::string path = "/v1/plans/" + admin.make("plans", R"({"name":"pro"})");
  const ReadAnswer same = admin.ask("GET", path, "", {{"If-None-Match", "\"1\""}});
  EXPECT_EQ(same.status(), 304);
  EXPECT_EQ(same.answer.body, "");
  EXPECT_EQ(admin.ask("GET", path, "", {{"If-None-Match", "\"2\""}}).status(), 200);
}

TEST(RecordAnswersTest, ACredentialIsKeptAndNeverShown) {
  AdminHarness admin;
  const std::string id = admin.make(
      "upstreams",
      R"({"name":"u","definition":"{name: u, url: 'https://a.example'}","credential_value":"Bearer s3cret"})");
  const ReadAnswer read = admin.get("/v1/upstreams/" + id);
  EXPECT_TRUE(read.data().at("has_credential_value").as_bool());
  EXPECT_FALSE(read.answer.body.contains("s3cret"));
  EXPECT_FALSE(admin.get("/v1/audit-log").answer.body.contains("s3cret"));
  const ReadAnswer emptied = admin.patch("/v1/upstreams/" + id, R"({"credential_value":null})");
  EXPECT_FALSE(emptied.data().at("has_credential_value").as_bool());
}

}  // namespace
}  // namespace rateguard::admin

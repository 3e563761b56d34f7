// What becomes of a catalog's refusals, and what many writers at once get.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "catalog/catalog_model_testing.h"
#include "server/admin/admin_harness_testing.h"

namespace rateguard::admin {
namespace {

using catalog::CatalogFault;

// A catalog whose changes fail.
class FailingCatalog final : public catalog::CatalogStore {
 public:
  CatalogFault fault = CatalogFault::kFull;

  catalog::CatalogResult<catalog::ChangeOutcome> change(const catalog::ChangeSet&) override {
    return catalog::refuse(fault, "as the test says");
  }

  catalog::CatalogResult<catalog::CatalogState> state() override { return model_.state(); }
  catalog::CatalogResult<catalog::AnyRecord> get_any(catalog::RecordKind kind, std::string_view id) override {
    return model_.get_any(kind, id);
  }
  catalog::CatalogResult<catalog::AnyRecord> find_any(catalog::RecordKind kind, std::string_view field,
                                                      const catalog::UniqueValue& value) override {
    return model_.find_any(kind, field, value);
  }
  catalog::CatalogResult<catalog::RecordPage> list_any(const catalog::RecordQuery& query) override {
    return model_.list_any(query);
  }
  catalog::CatalogResult<catalog::RecentChanges> changes_since(const catalog::CatalogState& since) override {
    return model_.changes_since(since);
  }
  void on_change(std::function<void(int64_t)>) override {}
  catalog::CatalogResult<std::vector<catalog::AuditEntry>> audit(const catalog::AuditQuery& query) override {
    return model_.audit(query);
  }
  catalog::CatalogResult<catalog::IdempotencyRecord> find_answer(std::string_view scope, std::string_view key,
                                                                 Instant now) override {
    return model_.find_answer(scope, key, now);
  }
  catalog::CatalogResult<void> note_uses(std::span<const catalog::KeyUse> uses) override {
    return model_.note_uses(uses);
  }
  catalog::CatalogResult<void> report_instance(const catalog::InstanceReport& report) override {
    return model_.report_instance(report);
  }
  catalog::CatalogResult<std::vector<catalog::InstanceReport>> instances(Instant since) override {
    return model_.instances(since);
  }
  catalog::CatalogResult<catalog::ExpiredCounts> expire(Instant now) override { return model_.expire(now); }

 private:
  catalog::CatalogModel model_;
};

TEST(RefusalsTest, AFaultOfTheDatabaseIsAnsweredWithItsStatusAndReadingGoesOn) {
  FailingCatalog catalog;
  AdminHarness admin(catalog);
  const std::map<CatalogFault, std::string> expected = {
      {CatalogFault::kFull, "507 full "},
      {CatalogFault::kReadOnly, "503 unavailable 1"},
      {CatalogFault::kUnavailable, "503 unavailable 1"},
      {CatalogFault::kUnknownOutcome, "503 unknown_outcome 1"},
      {CatalogFault::kCorrupt, "500 catalog_broken "},
  };
  for (const auto& [fault, answer] : expected) {
    catalog.fault = fault;
    const ReadAnswer refused = admin.post("/v1/plans", R"({"name":"pro"})");
    EXPECT_EQ(std::to_string(refused.status()) + ' ' + refused.problem("code") + ' ' + refused.header("Retry-After"),
              answer);
    EXPECT_EQ(admin.get("/v1/plans").status(), 200);
  }
}

// What each of 16 threads gets for the same request.
std::vector<ReadAnswer> all_at_once(AdminHarness& admin, const std::string& method, const std::string& target,
                                    const std::string& body, const HeaderList& headers) {
  std::vector<ReadAnswer> answers(16);
  std::vector<std::jthread> threads;
  for (ReadAnswer& answer : answers) {
    threads.emplace_back([&] { answer = admin.ask(method, target, body, headers); });
  }
  threads.clear();
  return answers;
}

TEST(RefusalsTest, OfManyWritersWithOneEtagExactlyOneWins) {
  AdminHarness admin;
  const std::string path = "/v1/plans/" + admin.make("plans", R"({"name":"pro"})");
  for (int version = 1; version < 20; ++version) {
    const HeaderList headers = {{"If-Match", '"' + std::to_string(version) + '"'}};
    std::map<int, int> statuses;
    for (const ReadAnswer& answer : all_at_once(admin, "PATCH", path, R"({"title":"Pro"})", headers)) {
      ++statuses[answer.status()];
    }
    EXPECT_EQ(statuses, (std::map<int, int>{{200, 1}, {412, 15}}));
  }
}

TEST(RefusalsTest, OneIdempotencyKeyMakesOneRecordHoweverManySendItAtOnce) {
  AdminHarness admin;
  const std::string workspace = admin.make("workspaces", R"({"name":"acme"})");
  for (int round = 0; round < 20; ++round) {
    std::set<std::string> ids;
    int secrets = 0;
    for (const ReadAnswer& answer :
         all_at_once(admin, "POST", "/v1/keys", R"({"name":"k","workspace_id":")" + workspace + "\"}",
                     {{"Idempotency-Key", "round-" + std::to_string(round)}})) {
      ASSERT_EQ(answer.status(), 201) << answer.answer.body;
      ids.insert(answer.text("id"));
      secrets += answer.data().at("secret").is_string();
    }
    EXPECT_EQ(ids.size(), 1u);
    EXPECT_EQ(secrets, 1);
  }
  EXPECT_EQ(admin.get("/v1/keys").data().as_array().size(), 20u);
}

TEST(RefusalsTest, TheLastOwnerStays) {
  AdminHarness admin;
  const auto owner = [&](std::string_view name) {
    return admin.make("members", fmt::format(R"({{"email":"{}@example.com","role":"owner","password":"{}"}})", name,
                                             "long enough it is"));
  };
  const std::string ann = owner("ann");
  const std::string bob = owner("bob");
  admin.patch("/v1/members/" + bob, R"({"state":"suspended"})");
  admin.make("members", R"({"email":"nobody@example.com","role":"owner"})");  // who cannot sign in
  const auto code = [&](std::string_view change) {
    return admin.patch("/v1/members/" + ann, std::string(change)).problem("code");
  };
  EXPECT_EQ(code(R"({"role":"admin"})"), "last_owner");
  EXPECT_EQ(code(R"({"state":"suspended"})"), "last_owner");
  EXPECT_EQ(admin.ask("DELETE", "/v1/members/" + ann, "", {{"If-Match", "*"}}).problem("code"), "last_owner");
  EXPECT_EQ(code(R"({"password":null})"), "last_owner");
  EXPECT_EQ(code(R"({"name":"Ann"})"), "");
  EXPECT_EQ(admin.ask("DELETE", "/v1/members/" + bob, "", {{"If-Match", "*"}}).status(), 204);
  owner("eve");
  EXPECT_EQ(code(R"({"role":"admin"})"), "");
}

}  // namespace
}  // namespace rateguard::admin

// How tables get from version to version, as one suite of tests over any database:
//
//   struct Factory {
//     std::unique_ptr<SqlDatabase> database();                // always the same one, empty at first
//     void begin_again();                                     // makes that another one
//     static std::string bytes_literal(std::string_view hex);  // in a statement
//   };
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/catalog_store.h"
#include "catalog/sample_records_testing.h"
#include "catalog/sql/migrations.h"
#include "catalog/sql/sql_catalog.h"

namespace rateguard::catalog {

template <typename Factory>
class MigrationSuite : public ::testing::Test {
 protected:
  static constexpr Instant kNow = Instant::from_seconds(1'780'000'000);

  void run(const std::string& statement) {
    const auto database = factory_.database();
    const auto done = database->write([&](SqlSession& session) -> CatalogResult<void> {
      auto rows = session.run(statement, {});
      if (!rows) return std::unexpected(std::move(rows.error()));
      return {};
    });
    EXPECT_TRUE(done.has_value()) << done.error().message;
  }
  CatalogResult<void> migrate_to(int version) { return migrate(*factory_.database(), version, "old", kNow); }
  CatalogResult<std::unique_ptr<CatalogStore>> open() { return SqlCatalog::open(factory_.database(), "new", kNow); }
  SqlRows rows(const std::string& statement) {
    const auto found = factory_.database()->ask(statement, {});
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return found.value_or(SqlRows());
  }

  Factory factory_;
};

TYPED_TEST_SUITE_P(MigrationSuite);

TYPED_TEST_P(MigrationSuite, FromEveryEarlierVersionTheTablesBecomeTheNewest) {
  for (int version = 0; version < schema_version_newest(); ++version) {
    SCOPED_TRACE(version);
    this->factory_.begin_again();
    EXPECT_EQ(schema_version(*this->factory_.database()), 0);
    ASSERT_TRUE(this->migrate_to(version));
    EXPECT_EQ(schema_version(*this->factory_.database()), version);
    const auto store = this->open();
    ASSERT_TRUE(store.has_value()) << store.error().message;
    EXPECT_EQ(schema_version(*this->factory_.database()), schema_version_newest());
    const auto workspace = create(**store, sample_workspace("acme"), {}, this->kNow);
    ASSERT_TRUE(workspace.has_value()) << workspace.error().message;
    EXPECT_TRUE(create(**store, sample_key(workspace->head.id, 1), {}, this->kNow));
    EXPECT_TRUE(create(**store, AlertChannelRecord{.name = "ops"}, {}, this->kNow));
  }
}

TYPED_TEST_P(MigrationSuite, WhatVersion1KeptIsStillThere) {
  ASSERT_TRUE(this->migrate_to(1));
  const std::string hash = "00ff00000000000000000000000000000000000000000000000000000000abcd";
  this->run(
      "INSERT INTO rg_workspaces(id,version,revision,created_at,updated_at,name,title,plan_id,state,limits,metadata) "
      "VALUES('ws_1',3,7,10,20,'acme','Acme',NULL,'suspended','{\"chat\":\"5/m\"}','{}')");
  this->run(
      "INSERT INTO rg_api_keys(id,version,revision,created_at,updated_at,workspace_id,member_id,name,prefix,last4,"
      "sha256,plan_id,scopes,allowed_routes,allowed_models,allowed_networks,tags,metadata,limits,expires_at,revoked_at,"
      "rotated_to,last_used_at) VALUES('key_1',1,5,10,10,'ws_1',NULL,'k','rg_live_','abcd'," +
      this->factory_.bytes_literal(hash) + ",NULL,'[\"llm:call\"]','[]','[]','[]','{}','{}','{}',NULL,30,NULL,40)");
  this->run(
      "INSERT INTO rg_alert_rules(id,version,revision,created_at,updated_at,name,workspace_id,definition,state) "
      "VALUES('alr_1',1,6,10,10,'spike',NULL,'x','active')");
  this->run("UPDATE rg_state SET revision=7,audit_number=9");
  const auto store = this->open();
  ASSERT_TRUE(store.has_value()) << store.error().message;
  const RecordHead head = {.id = "ws_1", .version = 3, .revision = 7, .created_at = {10}, .updated_at = {20}};
  EXPECT_EQ(get<WorkspaceRecord>(**store, "ws_1"), (WorkspaceRecord{.head = head,
                                                                    .name = "acme",
                                                                    .title = "Acme",
                                                                    .state = RecordState::kSuspended,
                                                                    .limits = {{"chat", "5/m"}}}));
  Sha256 sha256 = {};
  sha256[1] = 0xff;
  sha256[30] = 0xab;
  sha256[31] = 0xcd;
  const auto key = find_by_sha256<ApiKeyRecord>(**store, sha256);
  ASSERT_TRUE(key.has_value()) << key.error().message;
  EXPECT_EQ(key->head.id, "key_1");
  EXPECT_EQ(key->scopes, TextList{"llm:call"});
  EXPECT_EQ(key->revoked_at, Instant{30});
  EXPECT_EQ(key->last_used_at, Instant{40});
  EXPECT_EQ(key->last_used_region, std::nullopt);
  EXPECT_EQ(get<AlertRuleRecord>(**store, "alr_1")->channel_ids, TextList());
  EXPECT_EQ((*store)->state()->revision, 7);
  EXPECT_TRUE(create(**store, sample_plan("pro"), {}, this->kNow));
  EXPECT_EQ((*store)->audit({})->at(0).number, 10);
}

TYPED_TEST_P(MigrationSuite, InstancesThatStartTogetherMigrateOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto store = this->open();
      EXPECT_TRUE(store.has_value()) << store.error().message;
    });
  }
  for (std::thread& thread : threads) thread.join();
  const SqlRows versions = this->rows("SELECT version,program FROM rg_schema ORDER BY version");
  ASSERT_EQ(versions.size(), static_cast<size_t>(schema_version_newest()));
  EXPECT_EQ(versions[0], (SqlRow{int64_t{1}, std::string("new")}));
  EXPECT_EQ(this->rows("SELECT lineage FROM rg_state").size(), 1u);
}

TYPED_TEST_P(MigrationSuite, TablesOfANewerProgramAreRefusedWithBothVersions) {
  ASSERT_TRUE(this->open());
  this->run("INSERT INTO rg_schema(version,applied_at,program) VALUES(99,0,'9.9')");
  const auto refused = this->open();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, CatalogFault::kSchemaNewer);
  EXPECT_NE(refused.error().message.find("version 99"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("up to " + std::to_string(schema_version_newest())), std::string::npos);
}

TYPED_TEST_P(MigrationSuite, AMigrationThatFailsLeavesTheEarlierVersion) {
  ASSERT_TRUE(this->migrate_to(1));
  this->run("CREATE TABLE rg_alert_channels(in_the_way INTEGER)");
  EXPECT_FALSE(this->open().has_value());
  EXPECT_EQ(schema_version(*this->factory_.database()), 1);
  this->run("DROP TABLE rg_alert_channels");
  EXPECT_TRUE(this->open().has_value());
}

REGISTER_TYPED_TEST_SUITE_P(MigrationSuite, FromEveryEarlierVersionTheTablesBecomeTheNewest,
                            WhatVersion1KeptIsStillThere, InstancesThatStartTogetherMigrateOnce,
                            TablesOfANewerProgramAreRefusedWithBothVersions,
                            AMigrationThatFailsLeavesTheEarlierVersion);

}  // namespace rateguard::catalog

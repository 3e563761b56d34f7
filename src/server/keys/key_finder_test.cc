#include "server/keys/key_finder.h"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/keys/key_text.h"
#include "catalog/sqlite/sqlite_catalog.h"
#include "catalog/sqlite/sqlite_folder_testing.h"
#include "net/clock.h"
#include "net/run_until_testing.h"
#include "server/keys/catalog_watch.h"

namespace rateguard::server {
namespace {

using catalog::KeyVerdict;

class KeyFinderTest : public testing::Test {
 protected:
  KeyFinderTest() {
    workspace_ = *create(*store_, catalog::WorkspaceRecord{.name = "acme"}, {}, wall_);
    EXPECT_TRUE(cache_.refresh(loop_->now()).has_value());
  }
  ~KeyFinderTest() override { pool_.stop(); }

  catalog::ApiKeyRecord add(const std::string& text) {
    return *create(
        *store_,
        catalog::ApiKeyRecord{.workspace_id = workspace_.head.id, .name = text, .sha256 = catalog::key_sha256(text)},
        {}, wall_);
  }
  // As a task does.
  std::optional<FoundKey> find_waiting(const std::string& text) {
    std::optional<FoundKey> found;
    bool done = false;
    tasks_.run([&] {
      found = finder_.find(text, loop_->now(), &tasks_);
      done = true;
    });
    EXPECT_TRUE(net::run_until(*loop_, [&] { return done; }));
    return found;
  }

  const Instant wall_ = Instant::from_seconds(1'700'000'000);
  catalog::SqliteFolder folder_;
  std::unique_ptr<catalog::CatalogStore> store_ = *catalog::open_sqlite_catalog(folder_.file(), "test", wall_);
  catalog::KeyCache cache_{*store_};
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = *net::EventLoop::create(clock_);
  net::BlockingPool pool_{{.threads = 2}};
  net::Tasks tasks_{*loop_};
  KeyFinder finder_{cache_, pool_, *loop_, {.patience = Duration::millis(50)}};
  catalog::WorkspaceRecord workspace_;
};

TEST_F(KeyFinderTest, WhatCanBeNoKeyIsRefusedWithoutALookUp) {
  EXPECT_EQ(finder_.find("", loop_->now(), nullptr)->verdict, KeyVerdict::kMissing);
  EXPECT_EQ(finder_.find("rg_live_x", loop_->now(), nullptr)->verdict, KeyVerdict::kMalformed);
  std::string text(catalog::make_secret(catalog::SecretKind::kLiveKey)->text.reveal());
  text.back() = text.back() == '0' ? '1' : '0';
  EXPECT_EQ(finder_.find(text, loop_->now(), nullptr)->verdict, KeyVerdict::kMistyped);
  EXPECT_EQ(cache_.figures().misses, 0u);
}

TEST_F(KeyFinderTest, ATaskWaitsForAKeyThatOthersThenFindAtOnce) {
  const auto record = add("secret");
  EXPECT_FALSE(finder_.find("secret", loop_->now(), nullptr).has_value()) << "nobody can wait here";
  const auto found = find_waiting("secret");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->verdict, KeyVerdict::kValid);
  EXPECT_EQ(found->key->id(), record.head.id);
  EXPECT_EQ(finder_.find("secret", loop_->now(), nullptr)->key, found->key);
  EXPECT_EQ(find_waiting("nobody")->verdict, KeyVerdict::kUnknown);
}

TEST_F(KeyFinderTest, AThousandWhoWaitForOneKeyReadItOnce) {
  add("secret");
  int valid = 0;
  for (int i = 0; i < 1'000; ++i) {
    tasks_.run([&] { valid += finder_.find("secret", loop_->now(), &tasks_)->verdict == KeyVerdict::kValid ? 1 : 0; });
  }
  EXPECT_TRUE(net::run_until(*loop_, [&] { return tasks_.running() == 0; }));
  EXPECT_EQ(valid, 1'000);
  EXPECT_EQ(cache_.figures().loads, 1u);
}

TEST_F(KeyFinderTest, ADatabaseThatIsSilentCostsNoMoreThanThePatience) {
  add("secret");
  const auto release = std::make_shared<std::latch>(1);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(pool_.submit([release] { release->wait(); }).has_value());
  }
  EXPECT_EQ(find_waiting("secret")->verdict, KeyVerdict::kCatalogFailure);
  EXPECT_EQ(finder_.find("another", loop_->now(), nullptr)->verdict, KeyVerdict::kCatalogFailure)
      << "the next ones do not wait";
  release->count_down();
}

TEST_F(KeyFinderTest, AWatchReportsARevisionOnceItIsAppliedAndWritesUsesDown) {
  const auto record = add("secret");
  std::vector<int64_t> applied;
  CatalogWatch watch(*loop_, pool_, *store_, cache_, {.id = "this", .address = "127.0.0.1:1"},
                     {.on_applied = [&](int64_t revision) { applied.push_back(revision); }, .on_problem = {}},
                     {.look_each = Duration::millis(5), .write_uses_each = Duration::millis(5)});
  watch.start();
  EXPECT_TRUE(net::run_until(*loop_, [&] { return !applied.empty(); }));
  const auto found = find_waiting("secret");
  finder_.note_use(*found, loop_->now());
  auto revoked = record;
  revoked.revoked_at = wall_;
  const int64_t revision = update(*store_, revoked, {}, wall_)->head.revision;
  watch.look_soon(revision);
  EXPECT_TRUE(net::run_until(*loop_, [&] { return applied.back() == revision; }));
  EXPECT_TRUE(find_waiting("secret")->key->is_revoked(wall_));
  const auto reports = *store_->instances({});
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].id, "this");
  EXPECT_EQ(reports[0].applied.back().revision, revision);
  EXPECT_TRUE(net::run_until(
      *loop_, [&] { return catalog::get<catalog::ApiKeyRecord>(*store_, record.head.id)->last_used_at.has_value(); }));
  pool_.stop();
}

}  // namespace
}  // namespace rateguard::server

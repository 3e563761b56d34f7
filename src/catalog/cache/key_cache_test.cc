#include "catalog/cache/key_cache.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <string>
#include <vector>

#include "catalog/cache/key_verdict.h"
#include "catalog/keys/key_text.h"
#include "catalog/sqlite/sqlite_catalog.h"
#include "catalog/sqlite/sqlite_folder_testing.h"

namespace rateguard::catalog {
namespace {

constexpr Instant kStart = Instant::from_seconds(1'700'000'000);

// A real catalog that can be told to fail, and that tells when it is read.
class WatchedCatalog final : public CatalogStore {
 public:
  explicit WatchedCatalog(CatalogStore& real) : real_(real) {}

  bool fails = false;
  int reads = 0;
  std::function<void()> after_read = {};  // once

  CatalogResult<CatalogState> state() override {
    return unless_failing([&] { return real_.state(); });
  }
  CatalogResult<AnyRecord> get_any(RecordKind kind, std::string_view id) override {
    return read([&] { return real_.get_any(kind, id); });
  }
  CatalogResult<AnyRecord> find_any(RecordKind kind, std::string_view field, const UniqueValue& value) override {
    return read([&] { return real_.find_any(kind, field, value); });
  }
  CatalogResult<RecordPage> list_any(const RecordQuery& query) override { return real_.list_any(query); }
  CatalogResult<ChangeOutcome> change(const ChangeSet& changes) override { return real_.change(changes); }
  CatalogResult<RecentChanges> changes_since(const CatalogState& since) override {
    return unless_failing([&] { return real_.changes_since(since); });
  }
  void on_change(std::function<void(int64_t revision)> listener) override { real_.on_change(std::move(listener)); }
  CatalogResult<std::vector<AuditEntry>> audit(const AuditQuery& query) override { return real_.audit(query); }
  CatalogResult<IdempotencyRecord> find_answer(std::string_view scope, std::string_view key, Instant now) override {
    return real_.find_answer(scope, key, now);
  }
  CatalogResult<void> note_uses(std::span<const KeyUse> uses) override { return real_.note_uses(uses); }
  CatalogResult<void> report_instance(const InstanceReport& report) override { return real_.report_instance(report); }
  CatalogResult<std::vector<InstanceReport>> instances(Instant since) override { return real_.instances(since); }
  CatalogResult<ExpiredCounts> expire(Instant now) override { return real_.expire(now); }

 private:
  template <typename Call>
  auto unless_failing(Call call) -> decltype(call()) {
    if (fails) return refuse(CatalogFault::kUnavailable, "told to fail");
    return call();
  }
  template <typename Call>
  auto read(Call call) -> decltype(call()) {
    ++reads;
    auto result = unless_failing(call);
    if (auto then = std::exchange(after_read, {})) then();
    return result;
  }

  CatalogStore& real_;
};

class KeyCacheTest : public testing::Test {
 protected:
  KeyCacheTest() : real_(*open_sqlite_catalog(folder_.file(), "test", kStart)), store_(*real_) {
    plan_ = *create(*real_, PlanRecord{.name = "pro", .limits = {{"chat", "600/m"}}}, {}, kStart);
    workspace_ = *create(*real_, WorkspaceRecord{.name = "acme", .plan_id = plan_.head.id}, {}, kStart);
    remake();
  }

  void remake(KeyCacheOptions options = {}) {
    cache_ = std::make_unique<KeyCache>(store_, options);
    EXPECT_TRUE(cache_->refresh(now_).has_value());
  }
  ApiKeyRecord add(const std::string& text, ApiKeyRecord record = {}) {
    record.workspace_id = workspace_.head.id;
    record.name = text;
    record.sha256 = key_sha256(text);
    const auto made = create(*real_, record, {}, kStart);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return *made;
  }
  // As a request that waits.
  KeyAnswer find(const std::string& text) {
    const Sha256 sha256 = key_sha256(text);
    if (const auto known = cache_->look(sha256, now_)) return *known;
    KeyAnswer answer;
    if (cache_->ask(sha256, [&](const KeyAnswer& given) { answer = given; }) == KeyCache::Asked::kLoad) {
      cache_->load(sha256, now_);
    }
    return answer;
  }
  using Status = KeyAnswer::Status;

  SqliteFolder folder_;
  std::unique_ptr<CatalogStore> real_;
  WatchedCatalog store_;
  Instant now_ = kStart;
  PlanRecord plan_;
  WorkspaceRecord workspace_;
  std::unique_ptr<KeyCache> cache_;
};

TEST_F(KeyCacheTest, AKeyIsReadOnceAndThenKnown) {
  const ApiKeyRecord record = add("secret", {.tags = {{"team", "red"}}, .limits = {{"chat", "5/m"}}});
  const KeyAnswer answer = find("secret");
  ASSERT_EQ(answer.status, Status::kKnown);
  const KnownCaller caller = answer.key->caller();
  EXPECT_EQ(caller.key_id, record.head.id);
  EXPECT_EQ(caller.workspace, "acme");
  EXPECT_EQ(caller.plan, "pro");
  EXPECT_EQ(caller.tag("team"), "red");
  EXPECT_EQ(caller.limit_for("chat")->limit, (OwnLimit{.units = 5, .period = Duration::seconds(60)}));
  const int reads = store_.reads;
  EXPECT_EQ(find("secret").key, answer.key);
  EXPECT_EQ(store_.reads, reads);
}

TEST_F(KeyCacheTest, WorkspacesAndPlansAreReadOnceForAllKeys) {
  for (int i = 0; i < 10; ++i) {
    add("key " + std::to_string(i));
    EXPECT_EQ(find("key " + std::to_string(i)).status, Status::kKnown);
  }
  EXPECT_EQ(store_.reads, 12);
}

TEST_F(KeyCacheTest, AKeyThatNobodyHasIsRememberedForASecond) {
  EXPECT_EQ(find("guess").status, Status::kUnknown);
  EXPECT_EQ(store_.reads, 1);
  now_ = now_ + Duration::millis(999);
  EXPECT_EQ(find("guess").status, Status::kUnknown);
  EXPECT_EQ(store_.reads, 1);
  now_ = now_ + Duration::millis(1);
  EXPECT_EQ(find("guess").status, Status::kUnknown);
  EXPECT_EQ(store_.reads, 2);
}

TEST_F(KeyCacheTest, GuessesAreBounded) {
  remake({.unknown_max = 640});
  for (int i = 0; i < 5'000; ++i) find("guess " + std::to_string(i));
  EXPECT_LE(cache_->figures().unknown, 640u);
}

TEST_F(KeyCacheTest, KeysAreBoundedAndThoseInUseStay) {
  remake({.keys_max = 1'280});
  add("often");
  find("often");
  for (int i = 0; i < 3'000; ++i) {
    add("key " + std::to_string(i));
    find("key " + std::to_string(i));
    find("often");
  }
  EXPECT_LE(cache_->figures().keys, 1'280u);
  const int reads = store_.reads;
  find("often");
  EXPECT_EQ(store_.reads, reads);
}

TEST_F(KeyCacheTest, ANewKeyCountsAsSoonAsItsRevisionIsApplied) {
  EXPECT_EQ(find("late").status, Status::kUnknown);
  add("late");
  ASSERT_TRUE(cache_->refresh(now_).has_value());
  EXPECT_EQ(find("late").status, Status::kKnown);
}

TEST_F(KeyCacheTest, AChangedKeyAloneIsForgotten) {
  ApiKeyRecord record = add("a");
  add("b");
  ASSERT_TRUE(cache_->refresh(now_).has_value());
  find("a");
  find("b");
  record.revoked_at = kStart;
  ASSERT_TRUE(update(*real_, record, {}, kStart).has_value());
  EXPECT_FALSE(find("a").key->is_revoked(kStart)) << "not heard yet";
  const auto revision = cache_->refresh(now_);
  ASSERT_TRUE(revision.has_value());
  EXPECT_EQ(*revision, real_->state()->revision);
  const int reads = store_.reads;
  EXPECT_TRUE(find("a").key->is_revoked(kStart));
  EXPECT_EQ(store_.reads, reads + 1);
  find("b");
  EXPECT_EQ(store_.reads, reads + 1);
}

TEST_F(KeyCacheTest, AChangedWorkspaceOrPlanIsReadAgainForItsKeys) {
  add("a");
  find("a");
  workspace_.state = RecordState::kSuspended;
  ASSERT_TRUE(update(*real_, workspace_, {}, kStart).has_value());
  ASSERT_TRUE(cache_->refresh(now_).has_value());
  EXPECT_EQ(find("a").key->workspace().state, RecordState::kSuspended);
  plan_.limits = {{"chat", "7/m"}};
  ASSERT_TRUE(update(*real_, plan_, {}, kStart).has_value());
  ASSERT_TRUE(cache_->refresh(now_).has_value());
  EXPECT_EQ(find("a").key->caller().limit_for("chat")->limit.units, 7u);
}

TEST_F(KeyCacheTest, AChangeDuringTheReadIsReadAgain) {
  ApiKeyRecord record = add("a");
  record.revoked_at = kStart;
  store_.after_read = [&] {
    ASSERT_TRUE(update(*real_, record, {}, kStart).has_value());
    ASSERT_TRUE(cache_->refresh(now_).has_value());
  };
  EXPECT_TRUE(find("a").key->is_revoked(kStart));
  EXPECT_TRUE(find("a").key->is_revoked(kStart)) << "and what was read first is not kept";
}

TEST_F(KeyCacheTest, AWorkspaceThatChangesDuringTheReadIsReadAgain) {
  add("a");
  workspace_.state = RecordState::kSuspended;
  int reads = 0;
  std::function<void()> after = [&] {
    if (++reads < 2) {  // after the key itself
      store_.after_read = after;
      return;
    }
    ASSERT_TRUE(update(*real_, workspace_, {}, kStart).has_value());
    ASSERT_TRUE(cache_->refresh(now_).has_value());
  };
  store_.after_read = after;
  EXPECT_EQ(find("a").key->workspace().state, RecordState::kSuspended);
}

TEST_F(KeyCacheTest, ManyWaitForOneRead) {
  add("a");
  const Sha256 sha256 = key_sha256("a");
  int known = 0;
  const auto count = [&](const KeyAnswer& answer) { known += answer.status == Status::kKnown ? 1 : 0; };
  EXPECT_EQ(cache_->ask(sha256, count), KeyCache::Asked::kLoad);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(cache_->ask(sha256, count), KeyCache::Asked::kWait);
  cache_->load(sha256, now_);
  EXPECT_EQ(known, 10);
  EXPECT_EQ(cache_->figures().loads, 1u);
}

TEST_F(KeyCacheTest, WhoHasNotHeardTheRevisionForLongAsksTheDatabase) {
  add("a");
  find("a");
  now_ = now_ + Duration::seconds(5);
  int reads = store_.reads;
  find("a");
  EXPECT_EQ(store_.reads, reads);
  now_ = now_ + Duration::millis(1);
  EXPECT_FALSE(cache_->is_fresh(now_));
  EXPECT_EQ(find("a").status, Status::kKnown);
  EXPECT_EQ(store_.reads, reads + 1);
}

TEST_F(KeyCacheTest, WhileTheDatabaseIsDownKnownKeysGoOnUntilTheyAreStaleAndAreThenRefused) {
  add("a");
  find("a");
  store_.fails = true;
  now_ = now_ + Duration::seconds(1);
  EXPECT_FALSE(cache_->refresh(now_).has_value());
  EXPECT_EQ(find("a").status, Status::kKnown);
  EXPECT_EQ(find("b").status, Status::kFailure);
  now_ = now_ + Duration::seconds(5);
  EXPECT_EQ(find("a").status, Status::kFailure);
  store_.fails = false;
  ASSERT_TRUE(cache_->refresh(now_).has_value());
  EXPECT_EQ(find("a").status, Status::kKnown);
}

TEST_F(KeyCacheTest, ServedStaleIsSaidAndNeverWhatIsKnownToHaveChanged) {
  remake({.on_failure = OnCatalogFailure::kServeStale});
  add("a");
  find("a");
  store_.fails = true;
  now_ = now_ + Duration::seconds(60);
  const KeyAnswer stale = find("a");
  EXPECT_EQ(stale.status, Status::kKnown);
  EXPECT_TRUE(stale.is_stale);
  EXPECT_EQ(find("b").status, Status::kFailure);
  EXPECT_EQ(cache_->figures().stale, 1u);

  store_.fails = false;
  workspace_.title = "another";
  ASSERT_TRUE(update(*real_, workspace_, {}, kStart).has_value());
  ASSERT_TRUE(cache_->refresh(now_).has_value());
  store_.fails = true;
  EXPECT_EQ(find("a").status, Status::kFailure);
}

TEST_F(KeyCacheTest, ADatabaseThatHasFailedIsNotAskedAgainForASecond) {
  store_.fails = true;
  find("a");
  const int reads = store_.reads;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(find("b" + std::to_string(i)).status, Status::kFailure);
  EXPECT_EQ(store_.reads, reads);
  now_ = now_ + Duration::seconds(1);
  find("a");
  EXPECT_EQ(store_.reads, reads + 1);
}

TEST_F(KeyCacheTest, GivingUpTellsWhoWaits) {
  add("a");
  const Sha256 sha256 = key_sha256("a");
  std::vector<Status> told;
  cache_->ask(sha256, [&](const KeyAnswer& answer) { told.push_back(answer.status); });
  cache_->give_up(sha256);
  EXPECT_EQ(told, std::vector{Status::kFailure});
}

TEST_F(KeyCacheTest, TheLastUseIsTakenOnceAndAtMostEachSecond) {
  const ApiKeyRecord record = add("a");
  const auto key = find("a").key;
  for (int ms = 0; ms < 2'500; ms += 100) cache_->note_use(key, kStart + Duration::millis(ms));
  const auto uses = cache_->take_uses();
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses[0].id, record.head.id);
  EXPECT_EQ(uses[0].at, kStart + Duration::seconds(2));
  EXPECT_TRUE(cache_->take_uses().empty());
}

TEST_F(KeyCacheTest, AReplacedDatabaseMakesItForgetEverything) {
  add("a");
  find("a");
  SqliteFolder another;
  const auto other = *open_sqlite_catalog(another.file(), "test", kStart);
  KeyCache cache(*other);
  ASSERT_TRUE(cache.refresh(now_).has_value());
  EXPECT_FALSE(cache.look(key_sha256("a"), now_).has_value());
}

// What a key takes, measured as the allocator sees it.
TEST_F(KeyCacheTest, AKeyWithOwnLimitsTakesAtMost400Bytes) {
  constexpr int kKeys = 20'000;
  RuleNames names;
  std::vector<std::string> texts;
  ChangeSet changes = {.actor = {}, .now = kStart};
  for (int i = 0; i < kKeys; ++i) {
    texts.push_back("key " + std::to_string(i));
    changes.writes.push_back({.what = CreateRecord{ApiKeyRecord{
                                  .workspace_id = workspace_.head.id,
                                  .name = texts.back(),
                                  .sha256 = key_sha256(texts.back()),
                                  .limits = {{"chat", std::to_string(i + 1) + "/m"}, {"tokens", "2000000/d"}}}}});
    if (changes.writes.size() < 1'000) continue;
    ASSERT_TRUE(real_->change(changes).has_value());
    changes.writes.clear();
  }
  ASSERT_TRUE(cache_->refresh(now_).has_value());
  find(texts[0]);
  changes = {};
  malloc_trim(0);
  const size_t before = mallinfo2().uordblks;
  for (const std::string& text : texts) find(text);
  const size_t each = (mallinfo2().uordblks - before) / kKeys;
  EXPECT_EQ(cache_->figures().keys, static_cast<uint64_t>(kKeys));
  EXPECT_LE(each, 400u);
  RecordProperty("bytes_a_key", static_cast<int>(each));
}

TEST_F(KeyCacheTest, EachReasonToRefuseAKeyIsSaid) {
  const auto verdict = [&](const std::string& text, KeyUseAsked asked = {}) {
    asked.wall = kStart;
    return judge(*find(text).key, asked);
  };
  add("good");
  EXPECT_EQ(verdict("good"), KeyVerdict::kValid);
  add("revoked", {.revoked_at = kStart});
  EXPECT_EQ(verdict("revoked"), KeyVerdict::kRevoked);
  add("grace", {.revoked_at = kStart + Duration::millis(1)});
  EXPECT_EQ(verdict("grace"), KeyVerdict::kValid);
  add("expired", {.expires_at = kStart});
  EXPECT_EQ(verdict("expired"), KeyVerdict::kExpired);
  add("net", {.allowed_networks = {"10.0.0.0/8"}});
  EXPECT_EQ(verdict("net"), KeyVerdict::kWrongNetwork);
  EXPECT_EQ(verdict("net", {.address = IpAddress::parse("11.0.0.1")}), KeyVerdict::kWrongNetwork);
  EXPECT_EQ(verdict("net", {.address = IpAddress::parse("10.0.0.1")}), KeyVerdict::kValid);
  add("junk net", {.allowed_networks = {"everywhere"}});
  EXPECT_EQ(verdict("junk net", {.address = IpAddress::parse("10.0.0.1")}), KeyVerdict::kWrongNetwork);
  add("route", {.allowed_routes = {"llm"}});
  EXPECT_EQ(verdict("route"), KeyVerdict::kWrongRoute);
  EXPECT_EQ(verdict("route", {.route = "llm"}), KeyVerdict::kValid);
  add("scoped", {.scopes = {"llm:call"}});
  const std::string_view call[] = {"llm:call"};
  const std::string_view more[] = {"llm:call", "admin"};
  EXPECT_EQ(verdict("scoped", {.scopes = call}), KeyVerdict::kValid);
  EXPECT_EQ(verdict("scoped", {.scopes = more}), KeyVerdict::kMissingScope);
  EXPECT_EQ(verdict("good", {.scopes = call}), KeyVerdict::kMissingScope);
  workspace_.state = RecordState::kSuspended;
  ASSERT_TRUE(update(*real_, workspace_, {}, kStart).has_value());
  ASSERT_TRUE(cache_->refresh(now_).has_value());
  EXPECT_EQ(verdict("good"), KeyVerdict::kSuspended);
}

}  // namespace
}  // namespace rateguard::catalog

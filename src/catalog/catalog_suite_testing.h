// What every CatalogStore does, as one suite of tests over any database:
//
//   struct Factory { std::unique_ptr<CatalogStore> open(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, CatalogSuite, Factory);
//
// Each test gets a new factory; whatever that opens is one database.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "catalog/catalog_store.h"
#include "catalog/sample_records_testing.h"

namespace rateguard::catalog {

template <typename Factory>
class CatalogSuite : public ::testing::Test {
 protected:
  static constexpr Instant kNow = Instant::from_seconds(1'780'000'000);

  // What was made. A refusal fails the test.
  template <typename R>
  R made(R record, Instant now = kNow) {
    auto result = create(*store_, std::move(record), actor_, now);
    EXPECT_TRUE(result.has_value()) << result.error().message;
    return result.value_or(R{});
  }
  template <typename T>
  static CatalogFault fault_of(const CatalogResult<T>& result) {
    EXPECT_FALSE(result.has_value());
    return result.has_value() ? CatalogFault{255} : result.error().fault;
  }
  CatalogState state() { return store_->state().value_or(CatalogState{"none", -1}); }
  std::vector<AuditEntry> audit(const AuditQuery& query = {}) {
    return store_->audit(query).value_or(std::vector<AuditEntry>());
  }

  template <typename R>
  void expect_life_of(R fresh) {
    SCOPED_TRACE(to_string(R::kKind));
    const R first = made(fresh);
    R expected = fresh;
    expected.head.id = first.head.id;
    expected.head.version = 1;
    expected.head.revision = state().revision;
    expected.head.created_at = kNow;
    expected.head.updated_at = kNow;
    EXPECT_TRUE(first.head.id.starts_with(id_prefix(R::kKind)));
    EXPECT_EQ(first, expected);
    EXPECT_EQ(get<R>(*store_, first.head.id), first);

    const Instant later = kNow + Duration::seconds(5);
    const auto second = update(*store_, with_other_fields(first), actor_, later);
    ASSERT_TRUE(second.has_value()) << second.error().message;
    expected = with_other_fields(first);
    expected.head.version = 2;
    expected.head.revision = state().revision;
    expected.head.updated_at = later;
    EXPECT_EQ(*second, expected);
    EXPECT_EQ(get<R>(*store_, first.head.id), *second);

    EXPECT_EQ(fault_of(update(*store_, first, actor_, later)), CatalogFault::kConflict);
    EXPECT_EQ(fault_of(remove<R>(*store_, first.head.id, 1, actor_, later)), CatalogFault::kConflict);
    EXPECT_EQ(get<R>(*store_, first.head.id), *second);
    EXPECT_EQ(remove<R>(*store_, first.head.id, 2, actor_, later), *second);
    EXPECT_EQ(fault_of(get<R>(*store_, first.head.id)), CatalogFault::kNotFound);
    EXPECT_EQ(fault_of(update(*store_, first, actor_, later)), CatalogFault::kNotFound);
    EXPECT_EQ(fault_of(remove<R>(*store_, first.head.id, 2, actor_, later)), CatalogFault::kNotFound);
  }

  Factory factory_;
  std::unique_ptr<CatalogStore> store_ = factory_.open();
  Actor actor_ = {.kind = "member", .id = "mem_1", .address = "127.0.0.1", .request_id = "r-1"};
};

TYPED_TEST_SUITE_P(CatalogSuite);

TYPED_TEST_P(CatalogSuite, ARecordOfEveryKindIsKeptAsItIsUntilItIsRemoved) {
  this->expect_life_of(sample_plan("pro"));
  this->expect_life_of(sample_workspace("acme"));
  this->expect_life_of(sample_member("ann@example.com"));
  const auto workspace = this->made(sample_workspace("other"));
  const auto member = this->made(sample_member("bob@example.com"));
  this->expect_life_of(sample_key(workspace.head.id, 7));
  this->expect_life_of(RuleRecord{.name = "rpm", .definition = "{per: api_key, limit: 5/m}"});
  this->expect_life_of(UpstreamRecord{.name = "openai",
                                      .definition = "url: https://api.openai.com\n",
                                      .credential_header = "Authorization",
                                      .credential_value = "Bearer x"});
  this->expect_life_of(RouteRecord{.name = "llm", .definition = "match: {path: /v1/*}"});
  this->expect_life_of(sample_price("gpt", Instant{0}));
  this->expect_life_of(BudgetRecord{.name = "month", .workspace_id = workspace.head.id, .amount = int64_t{1} << 53});
  this->expect_life_of(AlertRuleRecord{.name = "spike", .definition = "x", .channel_ids = {"chan_1"}});
  this->expect_life_of(AlertChannelRecord{.name = "ops", .target = "https://x.example", .signing_secret = "s"});
  this->expect_life_of(sample_token("ci", 9));
  this->expect_life_of(sample_session(member.head.id, 11, this->kNow));
}

TYPED_TEST_P(CatalogSuite, AnIdBroughtAlongIsKeptAndOneOfAnotherKindIsRefused) {
  WorkspaceRecord workspace = sample_workspace("acme");
  workspace.head.id = "ws_imported-1.x";
  EXPECT_EQ(this->made(workspace).head.id, "ws_imported-1.x");
  for (const char* id : {"key_1", "ws_", "ws_a b", "ws_\xff", "WS_1"}) {
    workspace = sample_workspace("other");
    workspace.head.id = id;
    const auto refused = create(*this->store_, workspace, this->actor_, this->kNow);
    EXPECT_EQ(this->fault_of(refused), CatalogFault::kInvalid) << id;
    EXPECT_EQ(refused.error().field, "id");
    EXPECT_EQ(this->fault_of(get<WorkspaceRecord>(*this->store_, id)), CatalogFault::kNotFound) << id;
  }
}

TYPED_TEST_P(CatalogSuite, ADuplicateIsRefusedAndSaysOfWhat) {
  const auto acme = this->made(sample_workspace("acme"));
  const auto other = this->made(sample_workspace("Acme"));  // case counts
  const auto key = this->made(sample_key(acme.head.id, 1));
  const auto expect_duplicate = [&](const auto& result, const std::string& field, const std::string& id) {
    EXPECT_EQ(this->fault_of(result), CatalogFault::kDuplicate);
    EXPECT_EQ(result.error().field, field);
    EXPECT_EQ(result.error().id, id);
  };
  const auto now = this->kNow;
  expect_duplicate(create(*this->store_, sample_workspace("acme"), this->actor_, now), "name", acme.head.id);
  expect_duplicate(create(*this->store_, sample_key(other.head.id, 1), this->actor_, now), "sha256", key.head.id);
  auto renamed = other;
  renamed.name = "acme";
  expect_duplicate(update(*this->store_, renamed, this->actor_, now), "name", acme.head.id);
  auto again = sample_workspace("third");
  again.head.id = acme.head.id;
  expect_duplicate(create(*this->store_, again, this->actor_, now), "id", acme.head.id);

  const auto price = this->made(sample_price("gpt", now));
  expect_duplicate(create(*this->store_, sample_price("gpt", now), this->actor_, now), "provider", price.head.id);
  this->made(sample_price("gpt", now + Duration::micros(1)));

  // Members without a password at any provider do not share the absence.
  auto ann = sample_member("ann@example.com");
  auto bob = sample_member("bob@example.com");
  ann.oidc_subject.reset();
  bob.oidc_subject.reset();
  this->made(ann);
  this->made(bob);
}

TYPED_TEST_P(CatalogSuite, AReferenceToNothingIsRefused) {
  const auto acme = this->made(sample_workspace("acme"));
  const auto expect_refused = [&](auto record, const std::string& field) {
    const auto refused = create(*this->store_, record, this->actor_, this->kNow);
    EXPECT_EQ(this->fault_of(refused), CatalogFault::kInvalid);
    EXPECT_EQ(refused.error().field, field);
  };
  expect_refused(sample_key("ws_none", 1), "workspace_id");
  expect_refused(sample_key("", 1), "workspace_id");
  auto key = sample_key(acme.head.id, 1);
  key.plan_id = acme.head.id;  // there is one, of another kind
  expect_refused(key, "plan_id");
  key.plan_id.reset();
  key.member_id = "mem_none";
  expect_refused(key, "member_id");
  expect_refused(BudgetRecord{.name = "b", .key_id = "key_none"}, "key_id");
}

TYPED_TEST_P(CatalogSuite, WhatOthersReferToStaysUntilTheyAreGone) {
  const auto plan = this->made(sample_plan("pro"));
  auto acme = sample_workspace("acme");
  acme.plan_id = plan.head.id;
  acme = this->made(acme);
  const auto key = this->made(sample_key(acme.head.id, 1));
  const auto expect_kept = [&](const auto& refused, const std::string& by) {
    EXPECT_EQ(this->fault_of(refused), CatalogFault::kReferenced);
    EXPECT_EQ(refused.error().id, by);
  };
  expect_kept(remove<PlanRecord>(*this->store_, plan.head.id, {}, this->actor_, this->kNow), acme.head.id);
  expect_kept(remove<WorkspaceRecord>(*this->store_, acme.head.id, {}, this->actor_, this->kNow), key.head.id);
  EXPECT_TRUE(remove<ApiKeyRecord>(*this->store_, key.head.id, {}, this->actor_, this->kNow));
  EXPECT_TRUE(remove<WorkspaceRecord>(*this->store_, acme.head.id, {}, this->actor_, this->kNow));
  EXPECT_TRUE(remove<PlanRecord>(*this->store_, plan.head.id, {}, this->actor_, this->kNow));
}

TYPED_TEST_P(CatalogSuite, SessionsAndTokensGoWithTheirMember) {
  const auto ann = this->made(sample_member("ann@example.com"));
  const auto bob = this->made(sample_member("bob@example.com"));
  const auto session = this->made(sample_session(ann.head.id, 1, this->kNow));
  const auto kept = this->made(sample_session(bob.head.id, 2, this->kNow));
  auto token = sample_token("ann's", 3);
  token.member_id = ann.head.id;
  token = this->made(token);
  const CatalogState before = this->state();
  ASSERT_TRUE(remove<MemberRecord>(*this->store_, ann.head.id, {}, this->actor_, this->kNow));
  EXPECT_EQ(this->fault_of(get<SessionRecord>(*this->store_, session.head.id)), CatalogFault::kNotFound);
  EXPECT_EQ(this->fault_of(get<AdminTokenRecord>(*this->store_, token.head.id)), CatalogFault::kNotFound);
  EXPECT_TRUE(get<SessionRecord>(*this->store_, kept.head.id));
  const auto recent = this->store_->changes_since(before);
  ASSERT_TRUE(recent && recent->changes.size() == 2);
  EXPECT_EQ(recent->changes[0].id, token.head.id);
  EXPECT_EQ(recent->changes[0].sha256, token.sha256);
  EXPECT_EQ(recent->changes[1].id, ann.head.id);
}

TYPED_TEST_P(CatalogSuite, ASetOfChangesIsMadeWholeOrNotAtAll) {
  const auto acme = this->made(sample_workspace("acme"));
  const CatalogState before = this->state();
  const size_t audited = this->audit().size();
  ChangeSet changes = {.actor = this->actor_, .now = this->kNow};
  changes.writes = {{.what = CreateRecord{sample_key(acme.head.id, 1)}},
                    {.what = RemoveRecord{RecordKind::kWorkspace, "ws_none"}},
                    {.what = CreateRecord{sample_key(acme.head.id, 2)}}};
  const auto refused = this->store_->change(changes);
  EXPECT_EQ(this->fault_of(refused), CatalogFault::kNotFound);
  EXPECT_EQ(refused.error().write, 1);
  EXPECT_EQ(this->state(), before);
  EXPECT_EQ(this->audit().size(), audited);
  EXPECT_TRUE(this->store_->list_any({.kind = RecordKind::kApiKey})->records.empty());

  changes.writes.erase(changes.writes.begin() + 1);
  changes.notes = {{.action = "member.sign_in", .target_kind = "member", .target_id = "mem_1"}};
  const auto outcome = this->store_->change(changes);
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->records.size(), 2u);
  EXPECT_EQ(outcome->revision, before.revision + 1) << "one for the set";
  EXPECT_EQ(this->state().revision, outcome->revision);
  const auto entries = this->audit();
  ASSERT_EQ(entries.size(), audited + 3);
  EXPECT_EQ(entries[0].action, "member.sign_in");
  EXPECT_EQ(entries[1].action, "api_key.create");
}

TYPED_TEST_P(CatalogSuite, ChangesSayWhichKeysTheyTouched) {
  const auto acme = this->made(sample_workspace("acme"));
  const CatalogState start = this->state();
  auto key = this->made(sample_key(acme.head.id, 1));
  const auto old_hash = key.sha256;
  key.sha256 = sample_sha256(2);
  key = update(*this->store_, key, this->actor_, this->kNow, "rotate").value();
  this->made(sample_plan("pro"));
  ASSERT_TRUE(remove<ApiKeyRecord>(*this->store_, key.head.id, {}, this->actor_, this->kNow));
  const auto recent = this->store_->changes_since(start);
  ASSERT_TRUE(recent.has_value());
  EXPECT_TRUE(recent->is_complete);
  EXPECT_EQ(recent->state, this->state());
  const int64_t from = start.revision;
  ASSERT_EQ(recent->changes.size(), 5u);
  EXPECT_EQ(recent->changes[0], (RecordChange{from + 1, RecordKind::kApiKey, key.head.id, old_hash}));
  EXPECT_EQ(recent->changes[1], (RecordChange{from + 2, RecordKind::kApiKey, key.head.id, key.sha256}));
  EXPECT_EQ(recent->changes[2], (RecordChange{from + 2, RecordKind::kApiKey, key.head.id, old_hash}));
  EXPECT_EQ(recent->changes[3].kind, RecordKind::kPlan);
  EXPECT_EQ(recent->changes[3].sha256, std::nullopt);
  EXPECT_EQ(recent->changes[4], (RecordChange{from + 4, RecordKind::kApiKey, key.head.id, key.sha256}));

  const auto none = this->store_->changes_since(this->state());
  EXPECT_TRUE(none->is_complete);
  EXPECT_TRUE(none->changes.empty());
  EXPECT_FALSE(this->store_->changes_since({"another", from})->is_complete);
  EXPECT_FALSE(this->store_->changes_since({start.lineage, from + 100})->is_complete) << "from the future";
}

TYPED_TEST_P(CatalogSuite, WhoeverHasItOpenSeesEveryChangeAndSessionsRaiseNoRevision) {
  const auto second = this->factory_.open();
  std::mutex lock;
  std::set<int64_t> told;
  this->store_->on_change([&](int64_t revision) {
    const std::lock_guard held(lock);
    told.insert(revision);
  });
  const auto acme = this->made(sample_workspace("acme"));
  EXPECT_EQ(second->state(), this->store_->state());
  EXPECT_EQ(get<WorkspaceRecord>(*second, acme.head.id), acme);
  const auto ann = this->made(sample_member("ann@example.com"));
  const int64_t revision = this->state().revision;
  {
    const std::lock_guard held(lock);
    told.erase(0);
    EXPECT_EQ(told, (std::set<int64_t>{revision - 1, revision}));
  }
  const auto session = this->made(sample_session(ann.head.id, 1, this->kNow));
  EXPECT_EQ(this->state().revision, revision);
  EXPECT_EQ(find_by_sha256<SessionRecord>(*second, session.sha256), session);
  this->store_.reset();  // it may call until then
}

TYPED_TEST_P(CatalogSuite, KeysAreFoundByTheWholeHashAndNamesByTheirBytes) {
  const auto acme = this->made(sample_workspace("acme"));
  for (int i = 0; i < 5; ++i) this->made(sample_key(acme.head.id, i));
  const auto found = find_by_sha256<ApiKeyRecord>(*this->store_, sample_sha256(3));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->name, "key 3");
  Sha256 near = sample_sha256(3);
  near[31] ^= 1;
  const auto missing = find_by_sha256<ApiKeyRecord>(*this->store_, near);
  EXPECT_EQ(this->fault_of(missing), CatalogFault::kNotFound);
  EXPECT_EQ(find_by_name<WorkspaceRecord>(*this->store_, "acme"), acme);
  for (const std::string& name :
       {std::string("ACME"), std::string("acme "), std::string("acme\0", 5), std::string("\xff")}) {
    EXPECT_EQ(this->fault_of(find_by_name<WorkspaceRecord>(*this->store_, name)), CatalogFault::kNotFound) << name;
  }
}

TYPED_TEST_P(CatalogSuite, PagesAreInTheOrderOfTheBytesOfIdsAndMissNothing) {
  const auto acme = this->made(sample_workspace("acme"));
  const auto other = this->made(sample_workspace("other"));
  std::vector<std::string> ids;
  for (const char* id : {"key_B", "key_a", "key_Z", "key_0", "key_b", "key_-", "key_A", "key__", "key_."}) {
    auto key = sample_key(acme.head.id, static_cast<int>(ids.size()));
    key.head.id = id;
    ids.push_back(this->made(key).head.id);
  }
  this->made(sample_key(other.head.id, 100));
  std::ranges::sort(ids);
  std::vector<std::string> seen;
  RecordQuery query = {.kind = RecordKind::kApiKey, .limit = 2, .filters = {{"workspace_id", acme.head.id}}};
  for (bool has_more = true; has_more; query.after = seen.back()) {
    const auto page = this->store_->list_any(query);
    ASSERT_TRUE(page.has_value()) << page.error().message;
    ASSERT_LE(page->records.size(), 2u);
    for (const AnyRecord& record : page->records) seen.push_back(head_of(record).id);
    has_more = page->has_more;
  }
  EXPECT_EQ(seen, ids);
  query.after.clear();
  query.filters = {{"plan_id", "plan_none"}};
  EXPECT_TRUE(this->store_->list_any(query)->records.empty());
  query.filters = {{"sha256", "x"}};
  EXPECT_EQ(this->fault_of(this->store_->list_any(query)), CatalogFault::kInvalid);
  for (const int limit : {0, -1, 1'001}) {
    EXPECT_EQ(this->fault_of(this->store_->list_any({.kind = RecordKind::kPlan, .limit = limit})),
              CatalogFault::kInvalid);
  }
}

TYPED_TEST_P(CatalogSuite, TextThatNotEveryDatabaseKeepsIsRefusedWithItsField) {
  const std::string longest(kFieldBytesMax, 'x');
  auto workspace = sample_workspace("long");
  workspace.title = longest;
  EXPECT_EQ(get<WorkspaceRecord>(*this->store_, this->made(workspace).head.id)->title, longest);
  for (const std::string& bad :
       {longest + "x", std::string("a\0b", 3), std::string("\xc3("), std::string("\xed\xa0\x80")}) {
    workspace = sample_workspace("bad");
    workspace.title = bad;
    auto refused = create(*this->store_, workspace, this->actor_, this->kNow);
    EXPECT_EQ(this->fault_of(refused), CatalogFault::kInvalid);
    EXPECT_EQ(refused.error().field, "title");
    workspace.title.clear();
    workspace.metadata = {{bad, ""}};
    refused = create(*this->store_, workspace, this->actor_, this->kNow);
    EXPECT_EQ(this->fault_of(refused), CatalogFault::kInvalid);
    EXPECT_EQ(refused.error().field, "metadata");
  }
}

TYPED_TEST_P(CatalogSuite, TheAuditLogSaysWhoChangedWhatAndNoSecret) {
  auto ann = sample_member("ann@example.com");
  ann.password_hash = "SECRET-HASH";
  ann = this->made(ann);
  ann.password_hash = "SECRET-OTHER";
  ann.role = MemberRole::kOwner;
  ASSERT_TRUE(update(*this->store_, ann, {.kind = "system"}, this->kNow + Duration::seconds(1), "promote"));
  this->made(UpstreamRecord{.name = "u", .definition = "d", .credential_value = "SECRET-VALUE"});
  const auto acme = this->made(sample_workspace("acme"));
  const auto key = this->made(sample_key(acme.head.id, 1));

  const auto entries = this->audit();
  ASSERT_EQ(entries.size(), 5u);
  for (size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].number, static_cast<int64_t>(entries.size() - i));
    EXPECT_EQ(entries[i].details.find("SECRET"), std::string::npos) << entries[i].details;
  }
  EXPECT_EQ(entries[3].details,
            "{\"role\":{\"from\":\"billing\",\"to\":\"owner\"},"
            "\"password_hash\":{\"from\":\"(secret)\",\"to\":\"(secret)\"}}");
  EXPECT_EQ(entries[3].action, "member.promote");
  EXPECT_EQ(entries[3].actor, Actor{.kind = "system"});
  EXPECT_EQ(entries[3].at, this->kNow + Duration::seconds(1));
  EXPECT_EQ(entries[3].revision, 2);
  EXPECT_EQ(entries[0].actor, this->actor_);
  EXPECT_EQ(entries[0].target_kind, "api_key");
  EXPECT_EQ(entries[0].target_id, key.head.id);
  EXPECT_EQ(entries[0].workspace_id, acme.head.id);
  EXPECT_NE(entries[0].details.find(R"("expires_at":{"to":"2112-09-17T)"), std::string::npos) << entries[0].details;

  EXPECT_EQ(this->audit({.before = 3, .limit = 1}).at(0).number, 2);
  EXPECT_EQ(this->audit({.workspace_id = acme.head.id}).size(), 2u);
  EXPECT_EQ(this->audit({.actor_id = "mem_1"}).size(), 4u);
  EXPECT_EQ(this->audit({.action = "member.promote"}).size(), 1u);
  EXPECT_EQ(this->audit({.target_id = ann.head.id}).size(), 2u);
  EXPECT_EQ(this->audit({.from = this->kNow + Duration::micros(1)}).size(), 1u);
  EXPECT_EQ(this->audit({.until = this->kNow + Duration::micros(1)}).size(), 4u);
  EXPECT_EQ(this->fault_of(this->store_->audit({.limit = 0})), CatalogFault::kInvalid);
}

TYPED_TEST_P(CatalogSuite, UsesOfKeysMoveForwardAndChangeNothingElse) {
  const auto acme = this->made(sample_workspace("acme"));
  auto key = this->made(sample_key(acme.head.id, 1));
  const CatalogState before = this->state();
  const Instant used = this->kNow + Duration::seconds(60);
  const std::vector<KeyUse> uses = {
      {key.head.id, used, "eu-1"}, {"key_gone", used, ""}, {key.head.id, this->kNow, "eu-2"}};
  EXPECT_TRUE(this->store_->note_uses(uses));
  EXPECT_TRUE(this->store_->note_uses({}));
  auto expected = key;
  expected.last_used_at = used;
  expected.last_used_region = "eu-1";
  EXPECT_EQ(get<ApiKeyRecord>(*this->store_, key.head.id), expected);
  EXPECT_EQ(this->state(), before);
  // An update by somebody who has not seen the use keeps it.
  key.name = "renamed";
  const auto updated = update(*this->store_, key, this->actor_, this->kNow);
  ASSERT_TRUE(updated.has_value());
  EXPECT_EQ(updated->last_used_at, used);
  EXPECT_EQ(updated->last_used_region, "eu-1");
}

TYPED_TEST_P(CatalogSuite, ARepeatedRequestChangesNothingAndItsAnswerIsFound) {
  ChangeSet changes = {.actor = this->actor_, .now = this->kNow};
  changes.writes.push_back({.what = CreateRecord{sample_workspace("acme")}});
  changes.answer = {.record = {.scope = "tok_1",
                               .key = "k-1",
                               .request_sha256 = sample_sha256(5),
                               .status = 201,
                               .expires_at = this->kNow + Duration::seconds(10)},
                    .body = [](const ChangeOutcome& outcome) { return head_of(outcome.records.at(0)).id; }};
  const auto outcome = this->store_->change(changes);
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  changes.writes[0].what = CreateRecord{sample_workspace("other")};
  EXPECT_EQ(this->fault_of(this->store_->change(changes)), CatalogFault::kRepeated);
  const auto answer = this->store_->find_answer("tok_1", "k-1", this->kNow);
  ASSERT_TRUE(answer.has_value());
  IdempotencyRecord expected = changes.answer->record;
  expected.body = head_of(outcome->records[0]).id;
  expected.created_at = this->kNow;
  EXPECT_EQ(*answer, expected);
  EXPECT_EQ(this->fault_of(this->store_->find_answer("tok_2", "k-1", this->kNow)), CatalogFault::kNotFound);
  changes.answer->record.scope = "tok_2";
  EXPECT_TRUE(this->store_->change(changes)) << "another caller's key";

  // Once it has expired the key is free again.
  changes.now = changes.answer->record.expires_at;
  EXPECT_EQ(this->fault_of(this->store_->find_answer("tok_2", "k-1", changes.now)), CatalogFault::kNotFound);
  changes.writes[0].what = CreateRecord{sample_workspace("third")};
  changes.answer->record.expires_at = changes.now + Duration::seconds(1);
  EXPECT_TRUE(this->store_->change(changes));
}

TYPED_TEST_P(CatalogSuite, InstancesReportHowFarTheyAre) {
  InstanceReport report = {.id = "i-1",
                           .address = "10.0.0.1:8080",
                           .version = "0.1.0",
                           .started_at = this->kNow,
                           .seen_at = this->kNow,
                           .applied = {}};
  EXPECT_TRUE(this->store_->report_instance(report));
  for (int64_t i = 0; i < 100; ++i) report.applied.push_back({i, this->kNow + Duration::seconds(i)});
  report.seen_at = this->kNow + Duration::seconds(100);
  EXPECT_TRUE(this->store_->report_instance(report));
  InstanceReport other = report;
  other.id = "i-0";
  other.seen_at = this->kNow;
  EXPECT_TRUE(this->store_->report_instance(other));
  report.applied.erase(report.applied.begin(), report.applied.begin() + 36);
  other.applied = report.applied;
  EXPECT_EQ(this->store_->instances(this->kNow), (std::vector<InstanceReport>{other, report}));
  EXPECT_EQ(this->store_->instances(report.seen_at), (std::vector<InstanceReport>{report}));
}

TYPED_TEST_P(CatalogSuite, WhatIsOverIsRemovedAndNothingElse) {
  const Instant over = this->kNow + Duration::seconds(10);
  const auto ann = this->made(sample_member("ann@example.com"));
  this->made(sample_session(ann.head.id, 1, over));
  const auto kept = this->made(sample_session(ann.head.id, 2, over + Duration::micros(1)));
  auto link = sample_token("link", 3);
  link.purpose = TokenPurpose::kSetup;
  link.expires_at = over;
  this->made(link);
  auto token = sample_token("ci", 4);
  token.expires_at = over;  // shown as expired, until somebody removes it
  token = this->made(token);
  ChangeSet changes = {.now = this->kNow};
  changes.answer = {.record = {.scope = "s", .key = "k", .expires_at = over}, .body = {}};
  ASSERT_TRUE(this->store_->change(changes));
  ASSERT_TRUE(this->store_->report_instance({.id = "i", .seen_at = over - Duration::seconds(86'401)}));
  EXPECT_EQ(this->store_->expire(over), (ExpiredCounts{.sessions = 1, .answers = 1, .tokens = 1, .instances = 1}));
  EXPECT_EQ(this->store_->expire(over), ExpiredCounts{});
  EXPECT_TRUE(get<SessionRecord>(*this->store_, kept.head.id));
  EXPECT_TRUE(get<AdminTokenRecord>(*this->store_, token.head.id));
}

TYPED_TEST_P(CatalogSuite, OfManyWritersWithOneVersionOneWins) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 10;
  const auto acme = this->made(sample_workspace("acme"));
  const int64_t before = this->state().revision;
  std::atomic<int> won = 0;
  std::atomic<int> lost = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto present = get<WorkspaceRecord>(*this->store_, acme.head.id);
    ASSERT_TRUE(present.has_value());
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        auto mine = *present;
        mine.title = std::to_string(i);
        const auto updated = update(*this->store_, mine, this->actor_, this->kNow);
        if (updated) {
          ++won;
        } else {
          EXPECT_EQ(updated.error().fault, CatalogFault::kConflict) << updated.error().message;
          EXPECT_EQ(updated.error().version, present->head.version + 1);
          ++lost;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(won, kRounds);
  EXPECT_EQ(lost, kRounds * (kThreads - 1));
  EXPECT_EQ(this->state().revision, before + kRounds);
}

TYPED_TEST_P(CatalogSuite, WritersOfSeveralInstancesNeitherLoseNorRepeatARevision) {
  constexpr int kEach = 25;
  const auto second = this->factory_.open();
  const CatalogState start = this->state();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      CatalogStore& store = i % 2 == 0 ? *this->store_ : *second;
      for (int j = 0; j < kEach; ++j) {
        const std::string name = std::to_string(i) + "-" + std::to_string(j);
        const auto workspace = create(store, sample_workspace(name), this->actor_, this->kNow);
        EXPECT_TRUE(workspace.has_value()) << workspace.error().message;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto recent = this->store_->changes_since(start);
  ASSERT_TRUE(recent.has_value());
  ASSERT_EQ(recent->changes.size(), 4u * kEach);
  for (size_t i = 0; i < recent->changes.size(); ++i) {
    EXPECT_EQ(recent->changes[i].revision, start.revision + 1 + static_cast<int64_t>(i));
  }
  EXPECT_EQ(this->audit({.limit = 1}).at(0).number, 4 * kEach);
}

REGISTER_TYPED_TEST_SUITE_P(
    CatalogSuite, ARecordOfEveryKindIsKeptAsItIsUntilItIsRemoved, AnIdBroughtAlongIsKeptAndOneOfAnotherKindIsRefused,
    ADuplicateIsRefusedAndSaysOfWhat, AReferenceToNothingIsRefused, WhatOthersReferToStaysUntilTheyAreGone,
    SessionsAndTokensGoWithTheirMember, ASetOfChangesIsMadeWholeOrNotAtAll, ChangesSayWhichKeysTheyTouched,
    WhoeverHasItOpenSeesEveryChangeAndSessionsRaiseNoRevision, KeysAreFoundByTheWholeHashAndNamesByTheirBytes,
    PagesAreInTheOrderOfTheBytesOfIdsAndMissNothing, TextThatNotEveryDatabaseKeepsIsRefusedWithItsField,
    TheAuditLogSaysWhoChangedWhatAndNoSecret, UsesOfKeysMoveForwardAndChangeNothingElse,
    ARepeatedRequestChangesNothingAndItsAnswerIsFound, InstancesReportHowFarTheyAre, WhatIsOverIsRemovedAndNothingElse,
    OfManyWritersWithOneVersionOneWins, WritersOfSeveralInstancesNeitherLoseNorRepeatARevision);

}  // namespace rateguard::catalog

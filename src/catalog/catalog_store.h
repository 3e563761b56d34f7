// The catalog as a database holds it. Implementations: catalog/sqlite and catalog/postgres, both by catalog/sql; one
// suite of tests runs over both (catalog/catalog_suite_testing.h).
//
// Every call blocks, for a disk or a server: event loops call it through net/blocking_pool. Nothing on the way of a
// decision does: a cache answers there.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "catalog/audit_entry.h"
#include "catalog/change_set.h"
#include "catalog/idempotency_record.h"
#include "catalog/instance_report.h"
#include "catalog/record_constraints.h"
#include "catalog/record_field.h"
#include "catalog/records.h"
#include "catalog/refusal.h"
#include "model/instant.h"

namespace rateguard::catalog {

// Which catalog this is, and how far it has come.
struct CatalogState {
  std::string lineage = {};  // made with the catalog: another one means that the database has been replaced
  int64_t revision = 0;      // one more with each ChangeSet that other instances act on (has_revision)

  bool operator==(const CatalogState&) const = default;
};

// The value of a unique field.
using UniqueValue = std::variant<std::string, Sha256>;

// Records in the order of their ids.
struct RecordQuery {
  RecordKind kind = RecordKind::kWorkspace;
  std::string after = {};  // ids greater than this one: the last of the page before
  int limit = 100;         // 1 to kPageRecordsMax
  // Fields that must have this value; those that constraints_of(kind).filters lists.
  std::vector<std::pair<std::string, std::string>> filters = {};

  static constexpr int kPageRecordsMax = 1'000;
};

struct RecordPage {
  std::vector<AnyRecord> records = {};
  bool has_more = false;
};

// A record that was created, updated or removed.
struct RecordChange {
  int64_t revision = 0;
  RecordKind kind = RecordKind::kWorkspace;
  std::string id = {};
  std::optional<Sha256> sha256 = {};  // of an API key or an admin token, what caches know it by

  bool operator==(const RecordChange&) const = default;
};

struct RecentChanges {
  CatalogState state = {};
  // In the order in which they were made. The hash of a key comes twice where it was replaced.
  std::vector<RecordChange> changes = {};
  // False: some changes are no longer known (too many, too long ago, or the database is another one). Then forget
  // everything that was known of the catalog; `changes` is empty.
  bool is_complete = true;
};

// When an API key was last used.
struct KeyUse {
  std::string id = {};
  Instant at = {};
  std::string region = {};  // empty: unknown
};

struct ExpiredCounts {
  int64_t sessions = 0;
  int64_t answers = 0;
  int64_t tokens = 0;
  int64_t instances = 0;

  bool operator==(const ExpiredCounts&) const = default;
};

// Thread-safe. Errors of every call, besides those that it lists: kUnavailable, kCorrupt.
class CatalogStore {
 public:
  virtual ~CatalogStore() = default;

  virtual CatalogResult<CatalogState> state() = 0;

  // Errors: kNotFound.
  virtual CatalogResult<AnyRecord> get_any(RecordKind kind, std::string_view id) = 0;
  // REQUIRES: `field` alone is unique for that kind (constraints_of). Errors: kNotFound.
  virtual CatalogResult<AnyRecord> find_any(RecordKind kind, std::string_view field, const UniqueValue& value) = 0;
  // Errors: kInvalid for a limit or a filter that is not offered.
  virtual CatalogResult<RecordPage> list_any(const RecordQuery& query) = 0;

  // Makes all of the changes, with an entry in the audit log for each, in one transaction that is durable when this
  // returns. Errors: all of CatalogFault but those of opening; nothing was changed, except with kUnknownOutcome.
  virtual CatalogResult<ChangeOutcome> change(const ChangeSet& changes) = 0;
  // What was changed after `since`, by any instance.
  virtual CatalogResult<RecentChanges> changes_since(const CatalogState& since) = 0;
  // Called after each change that this instance has made and, where the database can tell, after those of others; on
  // any thread, until this is destroyed, and more than once for some. `revision` is the catalog's, or 0 where messages
  // may have been lost: ask for state() then, and now and again in any case. Set once, before the first change.
  virtual void on_change(std::function<void(int64_t revision)> listener) = 0;

  // Errors: kInvalid for a limit out of range.
  virtual CatalogResult<std::vector<AuditEntry>> audit(const AuditQuery& query) = 0;
  // An answer that is kept and has not expired. Errors: kNotFound.
  virtual CatalogResult<IdempotencyRecord> find_answer(std::string_view scope, std::string_view key, Instant now) = 0;
  // Moves `last_used_at` of keys forward, never back, in one transaction; keys that are gone are passed over. Neither
  // versions nor the revision change.
  virtual CatalogResult<void> note_uses(std::span<const KeyUse> uses) = 0;

  // Replaces what this instance had reported.
  virtual CatalogResult<void> report_instance(const InstanceReport& report) = 0;
  // Those that were seen at or after `since`, in the order of their ids.
  virtual CatalogResult<std::vector<InstanceReport>> instances(Instant since) = 0;
  // Removes what is over at `now`: sessions, setup links, answers to repetitions, and instances that were not seen for
  // a day. At most 1,000 of each.
  virtual CatalogResult<ExpiredCounts> expire(Instant now) = 0;
};

// The same with types.
template <typename R, typename Any>
CatalogResult<R> typed(CatalogResult<Any> result) {
  if (!result) return std::unexpected(std::move(result.error()));
  if constexpr (std::is_same_v<Any, ChangeOutcome>) {
    return std::get<R>(std::move(result->records.front()));
  } else {
    return std::get<R>(std::move(*result));
  }
}
template <typename R>
CatalogResult<R> get(CatalogStore& store, std::string_view id) {
  return typed<R>(store.get_any(R::kKind, id));
}
template <typename R>
CatalogResult<R> find_by_name(CatalogStore& store, std::string_view name) {
  return typed<R>(store.find_any(R::kKind, "name", std::string(name)));
}
// An API key, an admin token or a session by the hash of its secret.
template <typename R>
CatalogResult<R> find_by_sha256(CatalogStore& store, const Sha256& sha256) {
  return typed<R>(store.find_any(R::kKind, "sha256", sha256));
}

// One change. `actor` and `now` as in ChangeSet.
template <typename R>
CatalogResult<R> create(CatalogStore& store, R record, const Actor& actor, Instant now) {
  ChangeSet changes = {.actor = actor, .now = now};
  changes.writes.push_back({.what = CreateRecord{std::move(record)}});
  return typed<R>(store.change(changes));
}
// Expects the version that `record` has; with 0, whichever is stored.
template <typename R>
CatalogResult<R> update(CatalogStore& store, R record, const Actor& actor, Instant now, std::string verb = {}) {
  ChangeSet changes = {.actor = actor, .now = now};
  const auto version = record.head.version > 0 ? std::optional(record.head.version) : std::nullopt;
  changes.writes.push_back({.what = UpdateRecord{std::move(record), version}, .verb = std::move(verb)});
  return typed<R>(store.change(changes));
}
// What it was before.
template <typename R>
CatalogResult<R> remove(CatalogStore& store, std::string_view id, std::optional<int64_t> version, const Actor& actor,
                        Instant now) {
  ChangeSet changes = {.actor = actor, .now = now};
  changes.writes.push_back({.what = RemoveRecord{R::kKind, std::string(id), version}});
  return typed<R>(store.change(changes));
}

}  // namespace rateguard::catalog

// A ChangeSet as statements of one transaction: what it demands is checked, then each write is made, with its entry in
// the audit log and among the changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/change_set.h"
#include "catalog/record_constraints.h"
#include "catalog/refusal.h"
#include "catalog/sql/sql_database.h"

namespace rateguard::catalog {

// Lives for one call of SqlDatabase::write. Writers wait for each other there, so that what is looked up stays true
// until the end of the transaction.
class ChangeTransaction {
 public:
  // Both outlive this.
  ChangeTransaction(SqlSession& session, const ChangeSet& changes) : session_(session), changes_(changes) {}

  // All of it. Errors: as CatalogStore::change().
  CatalogResult<ChangeOutcome> run();

 private:
  CatalogResult<void> check_answer();
  // Raises the catalog's revision if this is seen by other instances, and reads where the audit log ends.
  CatalogResult<void> begin();
  CatalogResult<void> end();

  CatalogResult<AnyRecord> apply(const CreateRecord& write, std::string_view verb);
  CatalogResult<AnyRecord> apply(const UpdateRecord& write, std::string_view verb);
  CatalogResult<AnyRecord> apply(const RemoveRecord& write, std::string_view verb);
  CatalogResult<AnyRecord> present(RecordKind kind, std::string_view id, std::optional<int64_t> expected_version);

  // Errors: kInvalid for a reference to nothing, kDuplicate. `before` is what is stored now, or null.
  CatalogResult<void> check_references(const AnyRecord& record, const AnyRecord* before);
  CatalogResult<void> check_unique(const AnyRecord& record, const AnyRecord* before);
  // Removes what goes with a record. Errors: kReferenced for what does not.
  CatalogResult<void> release(RecordKind kind, const std::string& id);
  CatalogResult<void> release_from(RecordKind referring, const RecordReference& reference, const std::string& id);
  CatalogResult<void> remove_record(const AnyRecord& record, std::string_view verb);

  CatalogResult<void> record_change(const AnyRecord* before, const AnyRecord* after, std::string_view verb);
  CatalogResult<void> note_changed(RecordKind kind, const std::string& id, SqlValue sha256);
  CatalogResult<void> append_audit(AuditNote note);
  CatalogResult<void> keep_answer(const ChangeOutcome& outcome);
  CatalogResult<void> forget_old_changes();

  CatalogResult<SqlRows> ask(std::string_view statement, const SqlRow& values) {
    return session_.run(statement, values);
  }
  CatalogResult<void> execute(std::string_view statement, const SqlRow& values);

  SqlSession& session_;
  const ChangeSet& changes_;
  bool raises_revision_ = false;
  int64_t revision_ = 0;
  int64_t audit_number_ = 0;
  int64_t place_ = 0;  // among the changes of this revision
};

}  // namespace rateguard::catalog

// Changes to a catalog that are made together or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "catalog/audit_entry.h"
#include "catalog/idempotency_record.h"
#include "catalog/records.h"
#include "model/instant.h"

namespace rateguard::catalog {

// A new record. Without an id it is given one.
struct CreateRecord {
  AnyRecord record;
};

// All fields of a record, but for its head and those that the catalog tracks by itself.
struct UpdateRecord {
  AnyRecord record;                              // its id says which one
  std::optional<int64_t> expected_version = {};  // none: whichever it has
};

struct RemoveRecord {
  RecordKind kind = RecordKind::kWorkspace;
  std::string id = {};
  std::optional<int64_t> expected_version = {};
};

struct RecordWrite {
  std::variant<CreateRecord, UpdateRecord, RemoveRecord> what;
  std::string verb = {};  // in the audit log: "revoke"; empty: create, update or remove
};

// Something for the audit log that changes no record: a member who signed in.
struct AuditNote {
  std::string action = {};
  std::string target_kind = {};
  std::string target_id = {};
  std::optional<std::string> workspace_id = {};
  std::string details = "{}";  // JSON
};

// What a change came to.
struct ChangeOutcome {
  int64_t revision = 0;  // the catalog's
  // One for each write, as it is stored now, or as it was before it was removed.
  std::vector<AnyRecord> records = {};
};

// The answer to be kept for a repetition. The body is made once it is known what the change comes to, before it is
// committed.
struct AnswerToKeep {
  IdempotencyRecord record = {};  // without the body and created_at
  std::function<std::string(const ChangeOutcome&)> body = {};
};

struct ChangeSet {
  std::vector<RecordWrite> writes = {};
  std::vector<AuditNote> notes = {};
  std::optional<AnswerToKeep> answer = {};
  Actor actor = {};
  Instant now = {};  // by the wall clock
};

}  // namespace rateguard::catalog

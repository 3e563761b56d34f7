#include "catalog/sql/change_transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "catalog/record_constraints.h"
#include "catalog/record_id.h"
#include "catalog/sql/audit_details.h"
#include "catalog/sql/field_check.h"
#include "catalog/sql/record_table.h"
#include "text/quote.h"

namespace rateguard::catalog {
namespace {

// Writes of one ChangeSet: others wait while they are made.
constexpr size_t kWritesMax = 10'000;
// Changes that are remembered for instances that were away: at a hundred a second, a quarter of an hour.
constexpr int64_t kRevisionsRemembered = 100'000;
// How often older ones are dropped, in revisions.
constexpr int64_t kForgetEvery = 1'024;

CatalogRefusal about(CatalogFault fault, std::string_view field, std::string message) {
  return {.fault = fault, .message = std::move(message), .field = std::string(field)};
}

RecordKind kind_of_write(const RecordWrite& write) {
  struct Kind {
    RecordKind operator()(const CreateRecord& create) const { return kind_of(create.record); }
    RecordKind operator()(const UpdateRecord& update) const { return kind_of(update.record); }
    RecordKind operator()(const RemoveRecord& remove) const { return remove.kind; }
  };
  return std::visit(Kind(), write.what);
}

// Takes over what an update leaves as it was.
AnyRecord merged(const AnyRecord& update, const AnyRecord& before) {
  AnyRecord record = update;
  head_of(record) = head_of(before);
  std::visit(
      [&]<typename R>(R& its) {
        const R& stored = std::get<R>(before);
        if constexpr (std::is_same_v<R, ApiKeyRecord>) {
          its.last_used_at = stored.last_used_at;
          its.last_used_region = stored.last_used_region;
        }
      },
      record);
  return record;
}

SqlValue sha256_of(const AnyRecord* record) {
  if (record == nullptr) return {};
  const RecordKind kind = kind_of(*record);
  if (kind != RecordKind::kApiKey && kind != RecordKind::kAdminToken) return {};
  return field_value(*record, "sha256");
}

std::optional<std::string> workspace_of(const AnyRecord& record) {
  if (kind_of(record) == RecordKind::kWorkspace) return head_of(record).id;
  std::optional<std::string> found;
  visit_fields(record, [&]<typename T>(RecordField field, const T& value) {
    if (field.name != "workspace_id") return;
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::optional<std::string>>) found = value;
  });
  return found;
}

CatalogRefusal not_there(RecordKind kind, std::string_view id) {
  return {.fault = CatalogFault::kNotFound,
          .message = fmt::format("there is no {} {}", to_string(kind), quote(std::string(id))),
          .id = std::string(id)};
}

}  // namespace

CatalogResult<void> ChangeTransaction::execute(std::string_view statement, const SqlRow& values) {
  auto rows = session_.run(statement, values);
  if (!rows) return std::unexpected(std::move(rows.error()));
  return {};
}

CatalogResult<ChangeOutcome> ChangeTransaction::run() {
  if (changes_.writes.size() > kWritesMax) {
    return refuse(CatalogFault::kInvalid,
                  fmt::format("{} changes at once; at most {} are made together", changes_.writes.size(), kWritesMax));
  }
  auto done = check_answer();
  if (done) done = begin();
  if (!done) return std::unexpected(std::move(done.error()));
  ChangeOutcome outcome = {.revision = revision_};
  for (const RecordWrite& write : changes_.writes) {
    auto record = std::visit([&](const auto& what) { return apply(what, write.verb); }, write.what);
    if (!record) {
      record.error().write = static_cast<int64_t>(outcome.records.size());
      return std::unexpected(std::move(record.error()));
    }
    outcome.records.push_back(std::move(*record));
  }
  for (const AuditNote& note : changes_.notes) {
    if (done) done = append_audit(note);
  }
  if (done) done = keep_answer(outcome);
  if (done) done = end();
  if (!done) return std::unexpected(std::move(done.error()));
  return outcome;
}

CatalogResult<void> ChangeTransaction::check_answer() {
  if (!changes_.answer) return {};
  const IdempotencyRecord& record = changes_.answer->record;
  for (const std::string* text : {&record.scope, &record.key}) {
    if (const auto problem = problem_of_text(*text)) {
      return std::unexpected(about(CatalogFault::kInvalid, "idempotency_key", "idempotency_key " + *problem));
    }
  }
  const auto rows =
      ask("SELECT expires_at FROM rg_answers WHERE scope=$1 AND idempotency_key=$2", {record.scope, record.key});
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return {};
  if (const auto* const expires_at = std::get_if<int64_t>(&rows->front().front());
      expires_at != nullptr && *expires_at <= changes_.now.us) {
    return execute("DELETE FROM rg_answers WHERE scope=$1 AND idempotency_key=$2", {record.scope, record.key});
  }
  return refuse(CatalogFault::kRepeated, "this idempotency key has been used");
}

CatalogResult<void> ChangeTransaction::begin() {
  raises_revision_ =
      std::ranges::any_of(changes_.writes, [](const RecordWrite& write) { return has_revision(kind_of_write(write)); });
  const auto rows = ask("UPDATE rg_state SET revision=revision+$1 RETURNING revision,audit_number",
                        {int64_t{raises_revision_ ? 1 : 0}});
  if (!rows) return std::unexpected(rows.error());
  if (rows->size() != 1) return refuse(CatalogFault::kCorrupt, "table rg_state does not have one row");
  revision_ = std::get<int64_t>(rows->front()[0]);
  audit_number_ = std::get<int64_t>(rows->front()[1]);
  return {};
}

CatalogResult<void> ChangeTransaction::end() {
  auto done = execute("UPDATE rg_state SET audit_number=$1", {audit_number_});
  if (!done || !raises_revision_) return done;
  if (revision_ % kForgetEvery == 0) {
    done = forget_old_changes();
    if (!done) return done;
  }
  return session_.announce(revision_);
}

CatalogResult<void> ChangeTransaction::forget_old_changes() {
  const int64_t until = revision_ - kRevisionsRemembered;
  if (until <= 0) return {};
  auto done = execute("DELETE FROM rg_changes WHERE revision<=$1", {until});
  if (!done) return done;
  return execute("UPDATE rg_state SET changes_from=$1", {until});
}

CatalogResult<AnyRecord> ChangeTransaction::apply(const CreateRecord& write, std::string_view verb) {
  AnyRecord record = write.record;
  const RecordKind kind = kind_of(record);
  RecordHead& head = head_of(record);
  if (head.id.empty()) head.id = new_record_id(kind, changes_.now);
  if (!is_record_id(kind, head.id)) {
    return std::unexpected(about(CatalogFault::kInvalid, "id",
                                 fmt::format("id must be {} and up to 60 letters, digits, '_', '-' or '.'; found {}",
                                             quote(std::string(id_prefix(kind))), quote(head.id))));
  }
  head.version = 1;
  head.revision = revision_;
  head.created_at = changes_.now;
  head.updated_at = changes_.now;
  auto done = check_fields(record);
  if (done) done = check_references(record, nullptr);
  if (done) done = check_unique(record, nullptr);
  if (done) done = execute(table_of(kind).insert, insert_values(record));
  if (done) done = record_change(nullptr, &record, verb);
  if (!done) return std::unexpected(std::move(done.error()));
  return record;
}

CatalogResult<AnyRecord> ChangeTransaction::apply(const UpdateRecord& write, std::string_view verb) {
  const RecordKind kind = kind_of(write.record);
  const auto before = present(kind, head_of(write.record).id, write.expected_version);
  if (!before) return std::unexpected(before.error());
  AnyRecord record = merged(write.record, *before);
  RecordHead& head = head_of(record);
  ++head.version;
  head.revision = revision_;
  head.updated_at = changes_.now;
  auto done = check_fields(record);
  if (done) done = check_references(record, &*before);
  if (done) done = check_unique(record, &*before);
  if (done) done = execute(table_of(kind).update, update_values(record));
  if (done) done = record_change(&*before, &record, verb);
  if (!done) return std::unexpected(std::move(done.error()));
  return record;
}

CatalogResult<AnyRecord> ChangeTransaction::apply(const RemoveRecord& write, std::string_view verb) {
  auto record = present(write.kind, write.id, write.expected_version);
  if (!record) return record;
  auto done = release(write.kind, write.id);
  if (done) done = remove_record(*record, verb);
  if (!done) return std::unexpected(std::move(done.error()));
  return record;
}

CatalogResult<AnyRecord> ChangeTransaction::present(RecordKind kind, std::string_view id,
                                                    std::optional<int64_t> expected_version) {
  if (!is_record_id(kind, id)) return std::unexpected(not_there(kind, id));
  auto rows = ask(table_of(kind).by_id, {std::string(id)});
  if (!rows) return std::unexpected(std::move(rows.error()));
  if (rows->empty()) return std::unexpected(not_there(kind, id));
  auto record = record_of(kind, std::move(rows->front()));
  if (!record) return record;
  const int64_t version = head_of(*record).version;
  if (expected_version && *expected_version != version) {
    return std::unexpected(
        CatalogRefusal{.fault = CatalogFault::kConflict,
                       .message = fmt::format("{} {} has version {}, not {}: it has been changed meanwhile",
                                              to_string(kind), id, version, *expected_version),
                       .id = std::string(id),
                       .version = version});
  }
  return record;
}

CatalogResult<void> ChangeTransaction::check_references(const AnyRecord& record, const AnyRecord* before) {
  for (const RecordReference& reference : constraints_of(kind_of(record)).references) {
    const SqlValue value = field_value(record, reference.field);
    const std::string* const id = std::get_if<std::string>(&value);
    if (id == nullptr || (before != nullptr && field_value(*before, reference.field) == value)) continue;
    const auto found = present(reference.to, *id, std::nullopt);
    if (found) continue;
    if (found.error().fault != CatalogFault::kNotFound) return std::unexpected(found.error());
    CatalogRefusal refusal =
        about(CatalogFault::kInvalid, reference.field, fmt::format("{}: {}", reference.field, found.error().message));
    refusal.id = *id;
    return std::unexpected(std::move(refusal));
  }
  return {};
}

CatalogResult<void> ChangeTransaction::check_unique(const AnyRecord& record, const AnyRecord* before) {
  const RecordKind kind = kind_of(record);
  const RecordTable& table = table_of(kind);
  const std::string& id = head_of(record).id;
  if (before == nullptr) {
    const auto rows = ask(table.by_id, {id});
    if (!rows) return std::unexpected(rows.error());
    if (!rows->empty()) {
      CatalogRefusal refusal =
          about(CatalogFault::kDuplicate, "id", fmt::format("{} {} exists already", to_string(kind), id));
      refusal.id = id;
      return std::unexpected(std::move(refusal));
    }
  }
  for (size_t i = 0; i < table.by_unique.size(); ++i) {
    const UniqueFields fields = constraints_of(kind).unique[i];
    SqlRow values;
    bool has_changed = before == nullptr;
    for (const std::string_view field : fields) {
      values.push_back(field_value(record, field));
      has_changed = has_changed || field_value(*before, field) != values.back();
    }
    if (!has_changed || std::holds_alternative<std::monostate>(values.front())) continue;
    const auto rows = ask(table.by_unique[i], values);
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) continue;
    const std::string& other = std::get<std::string>(rows->front().front());
    CatalogRefusal refusal =
        about(CatalogFault::kDuplicate, fields.front(),
              fmt::format("{} {} has this {} already", to_string(kind), other, fmt::join(fields, ", ")));
    refusal.id = other;
    return std::unexpected(std::move(refusal));
  }
  return {};
}

CatalogResult<void> ChangeTransaction::release(RecordKind kind, const std::string& id) {
  // First whatever forbids the removal, then what is removed with it: a refusal says so before anything is touched.
  for (const WhenReferenced wanted : {WhenReferenced::kKeep, WhenReferenced::kRemove}) {
    for (int i = 0; i < kRecordKinds; ++i) {
      const auto referring = static_cast<RecordKind>(i);
      for (const RecordReference& reference : constraints_of(referring).references) {
        if (reference.to != kind || reference.when_referenced != wanted) continue;
        auto done = release_from(referring, reference, id);
        if (!done) return done;
      }
    }
  }
  return {};
}

CatalogResult<void> ChangeTransaction::release_from(RecordKind referring, const RecordReference& reference,
                                                    const std::string& id) {
  const std::string_view fields[] = {reference.field};
  const bool is_kept = reference.when_referenced == WhenReferenced::kKeep;
  const std::string statement =
      table_of(referring).by_fields(fields) + (is_kept ? " ORDER BY id LIMIT 1" : " ORDER BY id");
  auto rows = ask(statement, {id});
  if (!rows) return std::unexpected(std::move(rows.error()));
  for (SqlRow& row : *rows) {
    auto record = record_of(referring, std::move(row));
    if (!record) return std::unexpected(std::move(record.error()));
    if (is_kept) {
      const std::string& other = head_of(*record).id;
      return std::unexpected(CatalogRefusal{
          .fault = CatalogFault::kReferenced,
          .message = fmt::format("{} {} still refers to it: change or remove that first", to_string(referring), other),
          .field = std::string(reference.field),
          .id = other});
    }
    auto done = remove_record(*record, {});
    if (!done) return done;
  }
  return {};
}

CatalogResult<void> ChangeTransaction::remove_record(const AnyRecord& record, std::string_view verb) {
  auto done = execute(table_of(kind_of(record)).remove, {head_of(record).id});
  return done ? record_change(&record, nullptr, verb) : done;
}

CatalogResult<void> ChangeTransaction::record_change(const AnyRecord* before, const AnyRecord* after,
                                                     std::string_view verb) {
  const AnyRecord& record = after != nullptr ? *after : *before;
  const RecordKind kind = kind_of(record);
  const std::string& id = head_of(record).id;
  if (has_revision(kind)) {
    const SqlValue now = sha256_of(after);
    const SqlValue then = sha256_of(before);
    auto done = note_changed(kind, id, after != nullptr ? now : then);
    if (done && before != nullptr && after != nullptr && then != now) done = note_changed(kind, id, then);
    if (!done) return done;
  }
  if (verb.empty()) verb = before == nullptr ? "create" : after == nullptr ? "remove" : "update";
  return append_audit({.action = fmt::format("{}.{}", to_string(kind), verb),
                       .target_kind = std::string(to_string(kind)),
                       .target_id = id,
                       .workspace_id = workspace_of(record),
                       .details = audit_details(before, after)});
}

CatalogResult<void> ChangeTransaction::note_changed(RecordKind kind, const std::string& id, SqlValue sha256) {
  return execute("INSERT INTO rg_changes(revision,place,kind,id,sha256) VALUES($1,$2,$3,$4,$5)",
                 {revision_, place_++, std::string(to_string(kind)), id, std::move(sha256)});
}

CatalogResult<void> ChangeTransaction::append_audit(AuditNote note) {
  const Actor& actor = changes_.actor;
  const std::initializer_list<std::string_view> texts = {actor.kind,       actor.id,    actor.address,
                                                         actor.request_id, note.action, note.target_kind,
                                                         note.target_id,   note.details};
  for (const std::string_view text : texts) {
    if (const auto problem = problem_of_text(text)) {
      return refuse(CatalogFault::kInvalid, "an audit entry " + *problem);
    }
  }
  SqlValue workspace;
  if (note.workspace_id) workspace = *note.workspace_id;
  return execute(
      "INSERT INTO rg_audit(number,revision,made_at,actor_kind,actor_id,actor_address,request_id,action,target_kind,"
      "target_id,workspace_id,details) VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)",
      {++audit_number_, revision_, changes_.now.us, actor.kind, actor.id, actor.address, actor.request_id,
       std::move(note.action), std::move(note.target_kind), std::move(note.target_id), std::move(workspace),
       std::move(note.details)});
}

CatalogResult<void> ChangeTransaction::keep_answer(const ChangeOutcome& outcome) {
  if (!changes_.answer) return {};
  const IdempotencyRecord& record = changes_.answer->record;
  std::string body = changes_.answer->body ? changes_.answer->body(outcome) : record.body;
  if (const auto problem = problem_of_text(body)) return refuse(CatalogFault::kInvalid, "the answer " + *problem);
  return execute(
      "INSERT INTO rg_answers(scope,idempotency_key,request_sha256,status,body,created_at,expires_at) "
      "VALUES($1,$2,$3,$4,$5,$6,$7)",
      {record.scope, record.key, SqlBytes{std::string(record.request_sha256.begin(), record.request_sha256.end())},
       record.status, std::move(body), changes_.now.us, record.expires_at.us});
}

}  // namespace rateguard::catalog

#include "catalog/catalog_model_testing.h"

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>
#include <variant>

#include "catalog/record_constraints.h"
#include "catalog/record_id.h"

namespace rateguard::catalog {
namespace {

CatalogRefusal because(CatalogFault fault, std::string_view field = {}, std::string id = {}) {
  return {.fault = fault, .field = std::string(field), .id = std::move(id)};
}

// What tells the values of a unique or referring field apart; nothing for one that is unset.
struct Told {
  std::optional<std::string> operator()(const std::string& text) const { return text; }
  std::optional<std::string> operator()(const std::optional<std::string>& text) const { return text; }
  std::optional<std::string> operator()(const Sha256& hash) const { return std::string(hash.begin(), hash.end()); }
  std::optional<std::string> operator()(Instant at) const { return std::to_string(at.us); }
  std::optional<std::string> operator()(const auto&) const { return std::nullopt; }
};

std::optional<std::string> told(const AnyRecord& record, std::string_view field) {
  std::optional<std::string> found;
  visit_fields(record, [&](RecordField its, const auto& value) {
    if (its.name == field) found = Told()(value);
  });
  return found;
}

// The calls with which a test tries it are these; all other text of tests is well formed.
bool is_kept(const std::string& text) {
  return text.size() <= kFieldBytesMax && text.find('\0') == std::string::npos &&
         text.find('\xff') == std::string::npos;
}
bool is_kept(const std::optional<std::string>& text) {
  return !text || is_kept(*text);
}
bool is_kept(const TextList& list) {
  return std::ranges::all_of(list, [](const std::string& text) { return is_kept(text); });
}
bool is_kept(const TextMap& map) {
  return std::ranges::all_of(map, [](const auto& entry) { return is_kept(entry.first) && is_kept(entry.second); });
}
bool is_kept(const auto&) {
  return true;
}

bool has(const std::optional<std::string>& wanted, const std::optional<std::string>& found) {
  return !wanted || wanted == found;
}

RecordKind kind_of_write(const RecordWrite& write) {
  if (const auto* const create = std::get_if<CreateRecord>(&write.what)) return kind_of(create->record);
  if (const auto* const update = std::get_if<UpdateRecord>(&write.what)) return kind_of(update->record);
  return std::get<RemoveRecord>(write.what).kind;
}

std::array<RecordKind, kRecordKinds> every_kind() {
  std::array<RecordKind, kRecordKinds> kinds;
  for (size_t i = 0; i < kinds.size(); ++i) kinds[i] = static_cast<RecordKind>(i);
  return kinds;
}

}  // namespace

CatalogResult<AnyRecord> CatalogModel::present(RecordKind kind, const std::string& id,
                                               std::optional<int64_t> expected_version) {
  const auto found = all_.records.find({kind, id});
  if (found == all_.records.end()) return std::unexpected(because(CatalogFault::kNotFound, {}, id));
  const int64_t version = head_of(found->second).version;
  if (!expected_version || *expected_version == version) return found->second;
  CatalogRefusal refusal = because(CatalogFault::kConflict, {}, id);
  refusal.version = version;
  return std::unexpected(refusal);
}

CatalogResult<AnyRecord> CatalogModel::get_any(RecordKind kind, std::string_view id) {
  const auto found = all_.records.find({kind, std::string(id)});
  if (found == all_.records.end()) return std::unexpected(because(CatalogFault::kNotFound));
  return found->second;
}

CatalogResult<AnyRecord> CatalogModel::find_any(RecordKind kind, std::string_view field, const UniqueValue& value) {
  const auto wanted = std::visit([](const auto& its) { return Told()(its); }, value);
  for (const auto& [place, record] : all_.records) {
    if (place.first == kind && told(record, field) == wanted) return record;
  }
  return std::unexpected(because(CatalogFault::kNotFound));
}

CatalogResult<RecordPage> CatalogModel::list_any(const RecordQuery& query) {
  if (query.limit < 1 || query.limit > 1'000) return std::unexpected(because(CatalogFault::kInvalid, "limit"));
  for (const auto& [field, value] : query.filters) {
    const auto offered = constraints_of(query.kind).filters;
    if (std::ranges::find(offered, field) == offered.end()) {
      return std::unexpected(because(CatalogFault::kInvalid, field));
    }
  }
  RecordPage page;
  for (const auto& [place, record] : all_.records) {  // in the order of ids
    if (place.first != query.kind || place.second <= query.after) continue;
    const bool is_wanted = std::ranges::all_of(
        query.filters, [&](const auto& filter) { return told(record, filter.first) == filter.second; });
    if (!is_wanted) continue;
    page.has_more = page.records.size() == static_cast<size_t>(query.limit);
    if (page.has_more) break;
    page.records.push_back(record);
  }
  return page;
}

CatalogResult<ChangeOutcome> CatalogModel::change(const ChangeSet& changes) {
  const Everything before = all_;
  auto outcome = make(changes);
  if (!outcome) all_ = before;
  return outcome;
}

CatalogResult<ChangeOutcome> CatalogModel::make(const ChangeSet& changes) {
  if (changes.answer) {
    const auto found = all_.answers.find({changes.answer->record.scope, changes.answer->record.key});
    if (found != all_.answers.end() && found->second.expires_at > changes.now) {
      return std::unexpected(because(CatalogFault::kRepeated));
    }
  }
  if (std::ranges::any_of(changes.writes, [](const auto& write) { return has_revision(kind_of_write(write)); })) {
    ++all_.state.revision;
  }
  ChangeOutcome outcome = {.revision = all_.state.revision};
  for (const RecordWrite& write : changes.writes) {
    auto record = std::visit([&](const auto& what) { return make_one(what, write, changes); }, write.what);
    if (!record) {
      record.error().write = static_cast<int64_t>(outcome.records.size());
      return std::unexpected(record.error());
    }
    outcome.records.push_back(*record);
  }
  for (const AuditNote& note : changes.notes) {
    all_.audit.push_back({.number = static_cast<int64_t>(all_.audit.size()) + 1,
                          .revision = all_.state.revision,
                          .at = changes.now,
                          .actor = changes.actor,
                          .action = note.action,
                          .target_kind = note.target_kind,
                          .target_id = note.target_id,
                          .workspace_id = note.workspace_id});
  }
  if (changes.answer) {
    IdempotencyRecord record = changes.answer->record;
    if (changes.answer->body) record.body = changes.answer->body(outcome);
    record.created_at = changes.now;
    all_.answers[{record.scope, record.key}] = record;
  }
  return outcome;
}

CatalogResult<AnyRecord> CatalogModel::make_one(const CreateRecord& write, const RecordWrite& whole,
                                                const ChangeSet& changes) {
  AnyRecord record = write.record;
  RecordHead& head = head_of(record);
  if (head.id.empty()) head.id = new_record_id(kind_of(record), changes.now);
  if (!is_record_id(kind_of(record), head.id)) return std::unexpected(because(CatalogFault::kInvalid, "id"));
  head = {.id = head.id,
          .version = 1,
          .revision = all_.state.revision,
          .created_at = changes.now,
          .updated_at = changes.now};
  const auto checked = check(record, nullptr);
  if (!checked) return std::unexpected(checked.error());
  put(record, nullptr, whole.verb, changes);
  return record;
}

CatalogResult<AnyRecord> CatalogModel::make_one(const UpdateRecord& write, const RecordWrite& whole,
                                                const ChangeSet& changes) {
  const auto before = present(kind_of(write.record), head_of(write.record).id, write.expected_version);
  if (!before) return before;
  AnyRecord record = write.record;
  RecordHead& head = head_of(record);
  head = head_of(*before);
  ++head.version;
  head.revision = all_.state.revision;
  head.updated_at = changes.now;
  if (auto* const key = std::get_if<ApiKeyRecord>(&record)) {
    key->last_used_at = std::get<ApiKeyRecord>(*before).last_used_at;
    key->last_used_region = std::get<ApiKeyRecord>(*before).last_used_region;
  }
  const auto checked = check(record, &*before);
  if (!checked) return std::unexpected(checked.error());
  put(record, &*before, whole.verb, changes);
  return record;
}

CatalogResult<AnyRecord> CatalogModel::make_one(const RemoveRecord& write, const RecordWrite& whole,
                                                const ChangeSet& changes) {
  const auto record = present(write.kind, write.id, write.expected_version);
  if (!record) return record;
  std::vector<AnyRecord> taken_along;
  for (const RecordKind kind : every_kind()) {
    for (const RecordReference& reference : constraints_of(kind).references) {
      if (reference.to != write.kind) continue;
      for (const auto& [place, other] : all_.records) {
        if (place.first != kind || told(other, reference.field) != write.id) continue;
        if (reference.when_referenced == WhenReferenced::kKeep) {
          return std::unexpected(because(CatalogFault::kReferenced, reference.field, place.second));
        }
        taken_along.push_back(other);
      }
    }
  }
  for (const AnyRecord& other : taken_along) take_away(other, {}, changes);
  take_away(*record, whole.verb, changes);
  return record;
}

CatalogResult<void> CatalogModel::check(const AnyRecord& record, const AnyRecord* before) {
  const RecordKind kind = kind_of(record);
  CatalogResult<void> result;
  visit_fields(record, [&](RecordField field, const auto& value) {
    if (result && !is_kept(value)) result = std::unexpected(because(CatalogFault::kInvalid, field.name));
  });
  if (!result) return result;
  for (const RecordReference& reference : constraints_of(kind).references) {
    const auto id = told(record, reference.field);
    if (!id || (before != nullptr && told(*before, reference.field) == id)) continue;
    if (!all_.records.contains({reference.to, *id})) {
      return std::unexpected(because(CatalogFault::kInvalid, reference.field, *id));
    }
  }
  const std::string& id = head_of(record).id;
  if (before == nullptr && all_.records.contains({kind, id})) {
    return std::unexpected(because(CatalogFault::kDuplicate, "id", id));
  }
  for (const UniqueFields fields : constraints_of(kind).unique) {
    for (const auto& [place, other] : all_.records) {
      if (place.first != kind || place.second == id) continue;
      const bool is_equal = std::ranges::all_of(fields, [&](std::string_view field) {
        const auto value = told(record, field);
        return value && told(other, field) == value;
      });
      if (is_equal) return std::unexpected(because(CatalogFault::kDuplicate, fields.front(), place.second));
    }
  }
  return {};
}

void CatalogModel::put(const AnyRecord& record, const AnyRecord* before, const std::string& verb,
                       const ChangeSet& changes) {
  all_.records[{kind_of(record), head_of(record).id}] = record;
  note(record, before, verb.empty() ? before == nullptr ? "create" : "update" : verb, changes);
}

void CatalogModel::take_away(const AnyRecord& record, const std::string& verb, const ChangeSet& changes) {
  all_.records.erase({kind_of(record), head_of(record).id});
  note(record, nullptr, verb.empty() ? "remove" : verb, changes);
}

void CatalogModel::note(const AnyRecord& record, const AnyRecord* before, std::string verb, const ChangeSet& changes) {
  const RecordKind kind = kind_of(record);
  const std::string& id = head_of(record).id;
  const auto hash_of = [](const AnyRecord& its) -> std::optional<Sha256> {
    if (const auto* const key = std::get_if<ApiKeyRecord>(&its)) return key->sha256;
    if (const auto* const token = std::get_if<AdminTokenRecord>(&its)) return token->sha256;
    return std::nullopt;
  };
  if (has_revision(kind)) {
    all_.changes.push_back({all_.state.revision, kind, id, hash_of(record)});
    if (before != nullptr && hash_of(*before) != hash_of(record)) {
      all_.changes.push_back({all_.state.revision, kind, id, hash_of(*before)});
    }
  }
  all_.audit.push_back({.number = static_cast<int64_t>(all_.audit.size()) + 1,
                        .revision = all_.state.revision,
                        .at = changes.now,
                        .actor = changes.actor,
                        .action = std::string(to_string(kind)) + "." + verb,
                        .target_kind = std::string(to_string(kind)),
                        .target_id = id,
                        .workspace_id = kind == RecordKind::kWorkspace ? id : told(record, "workspace_id")});
}

CatalogResult<RecentChanges> CatalogModel::changes_since(const CatalogState& since) {
  RecentChanges recent = {.state = all_.state};
  recent.is_complete = since.lineage == all_.state.lineage && since.revision <= all_.state.revision;
  for (const RecordChange& change : all_.changes) {
    if (recent.is_complete && change.revision > since.revision) recent.changes.push_back(change);
  }
  return recent;
}

CatalogResult<std::vector<AuditEntry>> CatalogModel::audit(const AuditQuery& query) {
  std::vector<AuditEntry> entries;
  for (auto entry = all_.audit.rbegin(); entry != all_.audit.rend(); ++entry) {
    if (entries.size() == static_cast<size_t>(query.limit)) break;
    if (query.before && entry->number >= *query.before) continue;
    if (query.from && entry->at < *query.from) continue;
    if (query.until && entry->at >= *query.until) continue;
    if (query.workspace_id && entry->workspace_id != query.workspace_id) continue;
    if (has(query.actor_id, entry->actor.id) && has(query.action, entry->action) &&
        has(query.target_id, entry->target_id)) {
      entries.push_back(*entry);
    }
  }
  return entries;
}

CatalogResult<IdempotencyRecord> CatalogModel::find_answer(std::string_view scope, std::string_view key, Instant now) {
  const auto found = all_.answers.find({std::string(scope), std::string(key)});
  if (found == all_.answers.end() || found->second.expires_at <= now) {
    return std::unexpected(because(CatalogFault::kNotFound));
  }
  return found->second;
}

CatalogResult<void> CatalogModel::note_uses(std::span<const KeyUse> uses) {
  for (const KeyUse& use : uses) {
    const auto found = all_.records.find({RecordKind::kApiKey, use.id});
    if (found == all_.records.end()) continue;
    auto& key = std::get<ApiKeyRecord>(found->second);
    if (key.last_used_at && *key.last_used_at >= use.at) continue;
    key.last_used_at = use.at;
    key.last_used_region.reset();
    if (!use.region.empty()) key.last_used_region = use.region;
  }
  return {};
}

CatalogResult<void> CatalogModel::report_instance(const InstanceReport& report) {
  all_.instances[report.id] = report;
  return {};
}

CatalogResult<std::vector<InstanceReport>> CatalogModel::instances(Instant since) {
  std::vector<InstanceReport> reports;
  for (const auto& [id, report] : all_.instances) {
    if (report.seen_at >= since) reports.push_back(report);
  }
  return reports;
}

CatalogResult<ExpiredCounts> CatalogModel::expire(Instant now) {
  ExpiredCounts counts;
  std::erase_if(all_.records, [&](const auto& entry) {
    const auto* const session = std::get_if<SessionRecord>(&entry.second);
    const auto* const token = std::get_if<AdminTokenRecord>(&entry.second);
    if (session != nullptr && session->expires_at <= now) {
      ++counts.sessions;
      return true;
    }
    if (token != nullptr && token->purpose == TokenPurpose::kSetup && token->expires_at && *token->expires_at <= now) {
      ++counts.tokens;
      return true;
    }
    return false;
  });
  counts.answers = static_cast<int64_t>(
      std::erase_if(all_.answers, [&](const auto& entry) { return entry.second.expires_at <= now; }));
  counts.instances = static_cast<int64_t>(std::erase_if(
      all_.instances, [&](const auto& entry) { return entry.second.seen_at < now - Duration::seconds(86'400); }));
  return counts;
}

}  // namespace rateguard::catalog

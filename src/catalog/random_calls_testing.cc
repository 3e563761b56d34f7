#include "catalog/random_calls_testing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "catalog/record_constraints.h"

namespace rateguard::catalog {
namespace {

// Values as text that tells any two apart.
std::string shown(const std::string& text) {
  return fmt::format("{}'{}'", text.size(), text);
}
std::string shown(int64_t number) {
  return std::to_string(number);
}
std::string shown(Instant at) {
  return std::to_string(at.us);
}
std::string shown(const Sha256& hash) {
  return fmt::format("{}", fmt::join(hash, "."));
}
std::string shown(const TextList& list) {
  std::string text = "[";
  for (const std::string& entry : list) text += shown(entry);
  return text + "]";
}
std::string shown(const TextMap& map) {
  std::string text = "{";
  for (const auto& [name, value] : map) text += shown(name) + shown(value);
  return text + "}";
}
template <IsChoice E>
std::string shown(E choice) {
  return std::string(choice_word(choice));
}
template <typename T>
std::string shown(const std::optional<T>& value) {
  return value ? shown(*value) : "none";
}
std::string shown(const AnyRecord& record) {
  const RecordHead& head = head_of(record);
  std::string text = fmt::format("{} {} v{} r{} {} {}", to_string(kind_of(record)), head.id, head.version,
                                 head.revision, head.created_at.us, head.updated_at.us);
  visit_fields(record,
               [&](RecordField field, const auto& value) { text += fmt::format(" {}={}", field.name, shown(value)); });
  return text;
}

PlayedAnswer played(const CatalogRefusal& refusal) {
  return {fmt::format("refused {} {} {} {} {}", static_cast<int>(refusal.fault), refusal.field,
                      refusal.fault == CatalogFault::kNotFound ? "" : refusal.id, refusal.version, refusal.write),
          refusal.message};
}
template <typename T>
PlayedAnswer played(const CatalogResult<T>& result, const auto& show) {
  if (!result) return played(result.error());
  return show(*result);
}
PlayedAnswer played(const CatalogResult<AnyRecord>& result) {
  return played(result, [](const AnyRecord& record) { return PlayedAnswer{shown(record)}; });
}
PlayedAnswer played(const CatalogResult<void>& result) {
  return result ? PlayedAnswer{"done"} : played(result.error());
}
PlayedAnswer played(const CatalogResult<ChangeOutcome>& result) {
  return played(result, [](const ChangeOutcome& outcome) {
    PlayedAnswer answer = {std::to_string(outcome.revision)};
    for (const AnyRecord& record : outcome.records) answer.answer += "\n" + shown(record);
    return answer;
  });
}
PlayedAnswer played(const CatalogResult<std::vector<AuditEntry>>& result) {
  return played(result, [](const std::vector<AuditEntry>& entries) {
    PlayedAnswer answer;
    for (const AuditEntry& entry : entries) {
      answer.answer += fmt::format("\n{} {} {} {} {} {} {} {} {} {}", entry.number, entry.revision, entry.at.us,
                                   entry.actor.kind, entry.actor.id, entry.actor.address, entry.action,
                                   entry.target_kind, entry.target_id, shown(entry.workspace_id));
      answer.words += entry.details + "\n";
    }
    return answer;
  });
}

}  // namespace

std::string RandomCalls::name() {
  static constexpr std::string_view kNames[] = {"a", "A", "b", "ä", "Z", "z z", "_", "0", "10", "9"};
  return std::string(kNames[below(10)]);
}

std::string RandomCalls::id_of(RecordKind kind) {
  if (one_in(200)) return "no id";
  return std::string(id_prefix(kind)) + "0aBb_-.Zz"[below(9)];
}

std::string RandomCalls::text() {
  if (one_in(300)) return std::string(kFieldBytesMax + 1, 'x');
  if (one_in(300)) return std::string("a\0b", 3);
  if (one_in(300)) return "\xff";
  static constexpr std::string_view kTexts[] = {"",     "plain", "it's \"quoted\" \\", "{\"json\":[1]}", "\n\t\x01\x7f",
                                                "ключ", "😀",    "%s $1 ?1",           "NULL",           "\\x00ff"};
  return std::string(kTexts[below(10)]);
}

Sha256 RandomCalls::hash() {
  Sha256 hash = {};
  hash[0] = static_cast<uint8_t>(below(2) * 255);
  hash[31] = static_cast<uint8_t>(below(6));
  return hash;
}

Instant RandomCalls::time() {
  return now_ + Duration::seconds(below(40) - 20);
}

// Fills in a field, whichever type it has.
struct RandomField {
  RandomCalls& calls;

  void operator()(RecordField field, std::string& text) const {
    text = field.name == "name" || field.name == "email" || field.name == "model" || field.name == "provider"
               ? calls.name()
               : calls.text();
    if (const auto kind = referred(field)) text = calls.id_of(*kind);
  }
  void operator()(RecordField field, std::optional<std::string>& text) const {
    text.reset();
    if (calls.one_in(2)) return;
    text = field.name == "oidc_subject" ? calls.name() : calls.text();
    if (const auto kind = referred(field)) text = calls.id_of(*kind);
  }
  void operator()(RecordField, int64_t& number) const {
    static constexpr int64_t kNumbers[] = {0, -1, 1, INT64_MAX, INT64_MIN, int64_t{1} << 53};
    number = kNumbers[calls.below(6)];
  }
  void operator()(RecordField, Instant& at) const { at = calls.time(); }
  void operator()(RecordField, Sha256& hash) const { hash = calls.hash(); }
  void operator()(RecordField, TextList& list) const {
    list.clear();
    for (int i = calls.below(3); i > 0; --i) list.push_back(calls.text());
  }
  void operator()(RecordField, TextMap& map) const {
    map.clear();
    for (int i = calls.below(3); i > 0; --i) map[calls.text()] = calls.text();
  }
  template <IsChoice E>
  void operator()(RecordField, E& choice) const {
    choice = static_cast<E>(calls.below(static_cast<int>(ChoiceWords<E>::kWords.size())));
  }
  template <typename T>
  void operator()(RecordField field, std::optional<T>& value) const {
    value.reset();
    if (calls.one_in(2)) (*this)(field, value.emplace());
  }

 private:
  static std::optional<RecordKind> referred(RecordField field) {
    if (field.name == "workspace_id") return RecordKind::kWorkspace;
    if (field.name == "member_id") return RecordKind::kMember;
    if (field.name == "plan_id") return RecordKind::kPlan;
    if (field.name == "key_id") return RecordKind::kApiKey;
    return std::nullopt;
  }
};

AnyRecord RandomCalls::record(RecordKind kind) {
  AnyRecord record = empty_record(kind);
  head_of(record).id = id_of(kind);
  visit_fields(record, RandomField{*this});
  return record;
}

RecordWrite RandomCalls::write() {
  const RecordKind kind = any_kind();
  const std::optional<int64_t> version = one_in(2) ? std::nullopt : std::optional<int64_t>(1 + below(3));
  const std::string verb = one_in(4) ? "verb" : "";
  const int which = below(10);
  if (which < 5) return {CreateRecord{record(kind)}, verb};
  if (which < 8) return {UpdateRecord{record(kind), version}, verb};
  return {RemoveRecord{kind, id_of(kind), version}, verb};
}

RandomCalls::Call RandomCalls::change() {
  ChangeSet changes = {.actor = {.kind = "member", .id = name(), .address = "::1"}, .now = now_};
  for (int i = one_in(3) ? below(4) : 1; i > 0; --i) changes.writes.push_back(write());
  if (one_in(10)) changes.notes.push_back({.action = "note." + name(), .target_id = name()});
  if (one_in(5)) {
    changes.answer =
        AnswerToKeep{.record = {.scope = "s",
                                .key = name(),
                                .request_sha256 = hash(),
                                .status = 201,
                                .expires_at = time() + Duration::seconds(60)},
                     .body = [](const ChangeOutcome& outcome) { return std::to_string(outcome.records.size()); }};
  }
  return [changes](CatalogStore& store) { return played(store.change(changes)); };
}

RandomCalls::Call RandomCalls::look() {
  const RecordKind kind = any_kind();
  switch (below(6)) {
    case 0:
      return [kind, id = id_of(kind)](CatalogStore& store) { return played(store.get_any(kind, id)); };
    case 1: {
      std::vector<std::string> fields;
      for (const UniqueFields unique : constraints_of(kind).unique) {
        if (unique.size() == 1) fields.emplace_back(unique.front());
      }
      if (fields.empty()) return look();
      const std::string field = fields[static_cast<size_t>(below(static_cast<int>(fields.size())))];
      const UniqueValue value = field == "sha256" ? UniqueValue(hash()) : UniqueValue(name());
      return [kind, field, value](CatalogStore& store) { return played(store.find_any(kind, field, value)); };
    }
    case 2: {
      RecordQuery query = {.kind = kind, .after = one_in(2) ? "" : id_of(kind), .limit = one_in(50) ? 0 : 1 + below(6)};
      const auto offered = constraints_of(kind).filters;
      if (!offered.empty() && one_in(2)) {
        const std::string field(offered[static_cast<size_t>(below(static_cast<int>(offered.size())))]);
        AnyRecord any = record(kind);
        std::string value = name();
        visit_fields(any, [&]<typename T>(RecordField its, const T& found) {
          if (its.name != field) return;
          if constexpr (std::is_same_v<T, std::string>) value = found;
          if constexpr (std::is_same_v<T, std::optional<std::string>>) value = found.value_or("");
        });
        query.filters.emplace_back(field, value);
      }
      if (one_in(50)) query.filters.emplace_back("created_at", "1");
      return [query](CatalogStore& store) {
        return played(store.list_any(query), [](const RecordPage& page) {
          PlayedAnswer answer = {page.has_more ? "more" : "all"};
          for (const AnyRecord& one : page.records) answer.answer += "\n" + shown(one);
          return answer;
        });
      };
    }
    case 3: {
      const int64_t back = below(30) - 2;
      return [back](CatalogStore& store) {
        CatalogState since = store.state().value_or(CatalogState());
        since.revision -= std::min(back, since.revision);
        return played(store.changes_since(since), [](const RecentChanges& recent) {
          PlayedAnswer answer = {fmt::format("{} {}", recent.state.revision, recent.is_complete)};
          for (const RecordChange& change : recent.changes) {
            answer.answer +=
                fmt::format("\n{} {} {} {}", change.revision, to_string(change.kind), change.id, shown(change.sha256));
          }
          return answer;
        });
      };
    }
    case 4: {
      AuditQuery query = {.limit = 1 + below(10)};
      if (one_in(3)) query.before = below(2'000);
      if (one_in(4)) query.workspace_id = id_of(RecordKind::kWorkspace);
      if (one_in(4)) query.actor_id = name();
      if (one_in(4)) query.action = "api_key.create";
      if (one_in(4)) query.target_id = id_of(kind);
      if (one_in(4)) query.from = time();
      if (one_in(4)) query.until = time();
      return [query](CatalogStore& store) { return played(store.audit(query)); };
    }
    default:
      return [scope = one_in(10) ? name() : "s", key = name(), now = now_](CatalogStore& store) {
        return played(store.find_answer(scope, key, now), [](const IdempotencyRecord& record) {
          return PlayedAnswer{fmt::format("{} {} {} {} {} {} {}", record.scope, record.key,
                                          shown(record.request_sha256), record.status, record.body,
                                          record.created_at.us, record.expires_at.us)};
        });
      };
  }
}

RandomCalls::Call RandomCalls::upkeep() {
  switch (below(4)) {
    case 0: {
      std::vector<KeyUse> uses;
      for (int i = below(4); i > 0; --i) uses.push_back({id_of(RecordKind::kApiKey), time(), one_in(2) ? "" : name()});
      return [uses](CatalogStore& store) { return played(store.note_uses(uses)); };
    }
    case 1: {
      InstanceReport report = {
          .id = name(), .address = name(), .version = name(), .started_at = time(), .seen_at = time()};
      for (int i = below(3); i > 0; --i) report.applied.push_back({below(100), time()});
      return [report](CatalogStore& store) { return played(store.report_instance(report)); };
    }
    case 2:
      return [since = time()](CatalogStore& store) {
        return played(store.instances(since), [](const std::vector<InstanceReport>& reports) {
          PlayedAnswer answer;
          for (const InstanceReport& report : reports) {
            answer.answer += fmt::format("\n{} {} {} {} {}", report.id, report.address, report.version,
                                         report.started_at.us, report.seen_at.us);
            for (const auto& applied : report.applied) {
              answer.answer += fmt::format(" {}@{}", applied.revision, applied.at.us);
            }
          }
          return answer;
        });
      };
    default: {
      const Instant now = one_in(10) ? time() + Duration::seconds(90'000) : time();
      return [now](CatalogStore& store) {
        return played(store.expire(now), [](const ExpiredCounts& counts) {
          return PlayedAnswer{
              fmt::format("{} {} {} {}", counts.sessions, counts.answers, counts.tokens, counts.instances)};
        });
      };
    }
  }
}

RandomCalls::Call RandomCalls::next() {
  now_ = now_ + Duration::micros(below(2'000'000));
  const int which = below(20);
  if (which < 11) return change();
  return which < 18 ? look() : upkeep();
}

}  // namespace rateguard::catalog

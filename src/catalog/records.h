// All kinds of records, and one that may be of any kind.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "catalog/caller_records.h"
#include "catalog/record_kind.h"
#include "catalog/traffic_records.h"

namespace rateguard::catalog {

// The alternatives stand in the order of RecordKind.
using AnyRecord =
    std::variant<WorkspaceRecord, PlanRecord, MemberRecord, ApiKeyRecord, RuleRecord, UpstreamRecord, RouteRecord,
                 PriceRecord, BudgetRecord, AlertRuleRecord, AlertChannelRecord, AdminTokenRecord, SessionRecord>;
static_assert(std::variant_size_v<AnyRecord> == kRecordKinds);

inline RecordKind kind_of(const AnyRecord& record) {
  return static_cast<RecordKind>(record.index());
}
inline const RecordHead& head_of(const AnyRecord& record) {
  return std::visit([](const auto& its) -> const RecordHead& { return its.head; }, record);
}
inline RecordHead& head_of(AnyRecord& record) {
  return std::visit([](auto& its) -> RecordHead& { return its.head; }, record);
}

// An empty record of that kind.
AnyRecord empty_record(RecordKind kind);

// Calls `visitor(field, value)` for each field of a record of whichever kind, heads aside.
template <typename Visitor>
void visit_fields(const AnyRecord& record, Visitor&& visitor) {
  std::visit([&]<typename R>(const R& its) { R::visit(its, visitor); }, record);
}
template <typename Visitor>
void visit_fields(AnyRecord& record, Visitor&& visitor) {
  std::visit([&]<typename R>(R& its) { R::visit(its, visitor); }, record);
}

}  // namespace rateguard::catalog

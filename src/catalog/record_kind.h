// What a catalog holds: the kinds of records, how each is called, and how its ids begin.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rateguard::catalog {

enum class RecordKind : uint8_t {
  kWorkspace,
  kPlan,
  kMember,
  kApiKey,
  kRule,
  kUpstream,
  kRoute,
  kPrice,
  kBudget,
  kAlertRule,
  kAlertChannel,
  kAdminToken,
  kSession,
};
inline constexpr int kRecordKinds = 13;

// "workspace", "api_key": in messages, in the audit log and among the changes.
std::string_view to_string(RecordKind kind);
// The inverse.
std::optional<RecordKind> parse_record_kind(std::string_view name);
// "ws_": what the ids of a kind begin with. No prefix begins with another.
std::string_view id_prefix(RecordKind kind);
// Of a new id: "key_" gives kApiKey.
std::optional<RecordKind> kind_of_id(std::string_view id);

// Whether other instances act on records of this kind, so that a change raises the catalog's revision and is told to
// them. Sessions are asked for in the database each time.
constexpr bool has_revision(RecordKind kind) {
  return kind != RecordKind::kSession;
}

}  // namespace rateguard::catalog

// Who changed what in a catalog, and when. Entries are only ever added; none has a secret.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/instant.h"

namespace rateguard::catalog {

// Who asks for a change.
struct Actor {
  std::string kind = "system";  // "member", "admin_token", "command_line", "system"
  std::string id = {};          // of the member or the token
  std::string address = {};     // where it came from
  std::string request_id = {};

  bool operator==(const Actor&) const = default;
};

struct AuditEntry {
  int64_t number = 0;    // 1 and up, without gaps, in the order in which changes were made
  int64_t revision = 0;  // of the catalog after the change
  Instant at = {};
  Actor actor = {};
  std::string action = {};       // "api_key.create", "api_key.revoke", "member.sign_in"
  std::string target_kind = {};  // a RecordKind's name, or empty
  std::string target_id = {};
  std::optional<std::string> workspace_id = {};  // whose the target is
  std::string details = {};                      // JSON: {"name":{"from":"a","to":"b"}}; secrets stand as "(secret)"

  bool operator==(const AuditEntry&) const = default;
};

// Newest first.
struct AuditQuery {
  std::optional<int64_t> before = {};  // entries with smaller numbers
  int limit = 100;                     // 1 to 1,000
  std::optional<std::string> workspace_id = {};
  std::optional<std::string> actor_id = {};
  std::optional<std::string> action = {};
  std::optional<std::string> target_id = {};
  std::optional<Instant> from = {};
  std::optional<Instant> until = {};  // exclusive
};

}  // namespace rateguard::catalog

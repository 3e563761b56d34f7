// Who may call: workspaces, plans, members, API keys, and what admits to the admin API. Texts are checked by whoever
// takes them from outside (limits, networks, routes); the catalog only bounds their size and keeps them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "catalog/record_choices.h"
#include "catalog/record_field.h"
#include "catalog/record_head.h"
#include "catalog/record_kind.h"
#include "model/instant.h"

namespace rateguard::catalog {

// A customer. Its `name` is unique: "acme".
struct WorkspaceRecord {
  static constexpr RecordKind kKind = RecordKind::kWorkspace;

  RecordHead head = {};
  std::string name = {};
  std::string title = {};                    // as people write it: "Acme Ltd."
  std::optional<std::string> plan_id = {};   // of its keys that have none of their own
  RecordState state = RecordState::kActive;  // suspended: all of its keys are refused
  TextMap limits = {};                       // its own limits: the name of a rule, and a limit as in rules ("600/m")
  TextMap metadata = {};

  bool operator==(const WorkspaceRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"name"}, self.name);
    field(RecordField{"title"}, self.title);
    field(RecordField{"plan_id"}, self.plan_id);
    field(RecordField{"state"}, self.state);
    field(RecordField{"limits"}, self.limits);
    field(RecordField{"metadata"}, self.metadata);
  }
};

// A named set of limits that workspaces and keys share. Its `name` is unique: "pro".
struct PlanRecord {
  static constexpr RecordKind kKind = RecordKind::kPlan;

  RecordHead head = {};
  std::string name = {};
  std::string title = {};
  TextMap limits = {};  // as WorkspaceRecord::limits
  TextMap metadata = {};

  bool operator==(const PlanRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"name"}, self.name);
    field(RecordField{"title"}, self.title);
    field(RecordField{"limits"}, self.limits);
    field(RecordField{"metadata"}, self.metadata);
  }
};

// A person who signs in, with a password or by OpenID Connect. `email` is unique as it is written: callers fold its
// case. So is `oidc_subject`: the issuer's URL, a blank, the subject.
struct MemberRecord {
  static constexpr RecordKind kKind = RecordKind::kMember;

  RecordHead head = {};
  std::optional<std::string> workspace_id = {};  // none: of the whole installation
  std::string email = {};
  std::string name = {};
  MemberRole role = MemberRole::kViewer;
  RecordState state = RecordState::kActive;
  std::optional<std::string> password_hash = {};  // argon2id, in its own text form ("$argon2id$v=19$...")
  std::optional<std::string> oidc_subject = {};

  bool operator==(const MemberRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"workspace_id"}, self.workspace_id);
    field(RecordField{"email"}, self.email);
    field(RecordField{"name"}, self.name);
    field(RecordField{"role"}, self.role);
    field(RecordField{"state"}, self.state);
    field(RecordField{"password_hash", FieldRole::kSecret}, self.password_hash);
    field(RecordField{"oidc_subject"}, self.oidc_subject);
  }
};

// An API key, without the key: that is known by its SHA-256 alone, which is unique.
struct ApiKeyRecord {
  static constexpr RecordKind kKind = RecordKind::kApiKey;

  RecordHead head = {};
  std::string workspace_id = {};
  std::optional<std::string> member_id = {};
  std::string name = {};
  std::string prefix = {};                  // what the key begins with, for people: "rg_live_"
  std::string last4 = {};                   // its last four characters
  Sha256 sha256 = {};                       // of the whole key
  std::optional<std::string> plan_id = {};  // takes precedence over the workspace's
  TextList scopes = {};
  TextList allowed_routes = {};    // empty: all
  TextList allowed_models = {};    // empty: all
  TextList allowed_networks = {};  // "10.0.0.0/8"; empty: all
  TextMap tags = {};
  TextMap metadata = {};
  TextMap limits = {};  // as WorkspaceRecord::limits; take precedence over the workspace's and the plan's
  std::optional<Instant> expires_at = {};      // from then on it is refused
  std::optional<Instant> revoked_at = {};      // from then on it is refused; in the future during a rotation's grace
  std::optional<std::string> rotated_to = {};  // the key that replaces it
  std::optional<Instant> last_used_at = {};
  std::optional<std::string> last_used_region = {};

  bool operator==(const ApiKeyRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"workspace_id"}, self.workspace_id);
    field(RecordField{"member_id"}, self.member_id);
    field(RecordField{"name"}, self.name);
    field(RecordField{"prefix"}, self.prefix);
    field(RecordField{"last4"}, self.last4);
    field(RecordField{"sha256", FieldRole::kSecret}, self.sha256);
    field(RecordField{"plan_id"}, self.plan_id);
    field(RecordField{"scopes"}, self.scopes);
    field(RecordField{"allowed_routes"}, self.allowed_routes);
    field(RecordField{"allowed_models"}, self.allowed_models);
    field(RecordField{"allowed_networks"}, self.allowed_networks);
    field(RecordField{"tags"}, self.tags);
    field(RecordField{"metadata"}, self.metadata);
    field(RecordField{"limits"}, self.limits);
    field(RecordField{"expires_at"}, self.expires_at);
    field(RecordField{"revoked_at"}, self.revoked_at);
    field(RecordField{"rotated_to"}, self.rotated_to);
    field(RecordField{"last_used_at", FieldRole::kTracked}, self.last_used_at);
    field(RecordField{"last_used_region", FieldRole::kTracked}, self.last_used_region);
  }
};

// What a machine shows to the admin API, or what makes the first owner. `name` and `sha256` are unique.
struct AdminTokenRecord {
  static constexpr RecordKind kKind = RecordKind::kAdminToken;

  RecordHead head = {};
  std::string name = {};
  TokenPurpose purpose = TokenPurpose::kApi;
  MemberRole role = MemberRole::kViewer;
  std::optional<std::string> workspace_id = {};  // none: the whole installation
  std::optional<std::string> member_id = {};     // whose it is; it is deleted with its member
  std::string last4 = {};
  Sha256 sha256 = {};
  std::optional<Instant> expires_at = {};
  std::optional<Instant> revoked_at = {};

  bool operator==(const AdminTokenRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"name"}, self.name);
    field(RecordField{"purpose"}, self.purpose);
    field(RecordField{"role"}, self.role);
    field(RecordField{"workspace_id"}, self.workspace_id);
    field(RecordField{"member_id"}, self.member_id);
    field(RecordField{"last4"}, self.last4);
    field(RecordField{"sha256", FieldRole::kSecret}, self.sha256);
    field(RecordField{"expires_at"}, self.expires_at);
    field(RecordField{"revoked_at"}, self.revoked_at);
  }
};

// A member who has signed in. The cookie is known by its SHA-256, which is unique. A session is deleted with its
// member, and CatalogStore::expire() removes it once it is over.
struct SessionRecord {
  static constexpr RecordKind kKind = RecordKind::kSession;

  RecordHead head = {};
  std::string member_id = {};
  Sha256 sha256 = {};
  Sha256 csrf_sha256 = {};  // of the token that forms carry
  std::string address = {};
  std::string agent = {};
  Instant expires_at = {};
  Instant seen_at = {};

  bool operator==(const SessionRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"member_id"}, self.member_id);
    field(RecordField{"sha256", FieldRole::kSecret}, self.sha256);
    field(RecordField{"csrf_sha256", FieldRole::kSecret}, self.csrf_sha256);
    field(RecordField{"address"}, self.address);
    field(RecordField{"agent"}, self.agent);
    field(RecordField{"expires_at"}, self.expires_at);
    field(RecordField{"seen_at"}, self.seen_at);
  }
};

}  // namespace rateguard::catalog

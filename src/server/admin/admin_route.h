// The table of the admin API: paths, who may call them, and which function answers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/record_kind.h"
#include "server/admin/admin_request.h"
#include "server/admin/admission.h"

namespace rateguard::admin {

class AdminCall;

enum class AdminBody : uint8_t {
  kNone,      // a body is ignored
  kObject,    // a JSON object
  kOptional,  // a JSON object or nothing
};

// What stands after '?'.
enum class AdminQuery : uint8_t {
  kNone,
  kPage,   // cursor, limit, and the fields by which records of the kind can be listed
  kAudit,  // cursor, limit, and what an audit entry can be found by
};

struct AdminRoute {
  std::string_view method;
  std::string_view pattern;  // "{id}", "{name}": one segment each
  Admits admits = Admits::kNobody;
  Reach reach = Reach::kInstallation;
  AdminBody body = AdminBody::kNone;
  AdminQuery query = AdminQuery::kNone;
  // Of the records behind the path; none: it is about none.
  std::optional<catalog::RecordKind> kind = {};
  AdminResult<AdminReply> (*answer)(AdminCall& call) = nullptr;
};

// In the order of docs/admin_openapi.yaml; tests compare the table with that and docs/admin.md.
std::span<const AdminRoute> admin_routes();

struct AdminMatch {
  const AdminRoute* route = nullptr;  // null: no route, or none with that method
  bool path_known = false;
  // What the pattern captured, decoded, in order.
  std::vector<std::string> captured = {};
};
// HEAD is allowed wherever GET is.
AdminMatch find_admin_route(std::string_view method, std::string_view path);
// The value of Allow for a known path: "GET, HEAD, OPTIONS".
std::string allowed_admin_methods(std::string_view path);

// The functions that answer, by family; each family has a file.
namespace admin_answers {
AdminResult<AdminReply> list_records(AdminCall& call);   // record_answers.cc
AdminResult<AdminReply> create_record(AdminCall& call);  // record_answers.cc
AdminResult<AdminReply> get_record(AdminCall& call);     // record_answers.cc
AdminResult<AdminReply> update_record(AdminCall& call);  // record_answers.cc
AdminResult<AdminReply> remove_record(AdminCall& call);  // record_answers.cc

AdminResult<AdminReply> rotate_key(AdminCall& call);           // key_answers.cc
AdminResult<AdminReply> revoke_key(AdminCall& call);           // key_answers.cc
AdminResult<AdminReply> get_key_usage(AdminCall& call);        // key_answers.cc
AdminResult<AdminReply> get_effective_rules(AdminCall& call);  // effective_answers.cc
AdminResult<AdminReply> get_propagation(AdminCall& call);      // key_answers.cc
AdminResult<AdminReply> revoke_token(AdminCall& call);         // key_answers.cc

AdminResult<AdminReply> list_limits(AdminCall& call);   // limit_answers.cc
AdminResult<AdminReply> set_limit(AdminCall& call);     // limit_answers.cc
AdminResult<AdminReply> remove_limit(AdminCall& call);  // limit_answers.cc

AdminResult<AdminReply> sign_in(AdminCall& call);          // session_answers.cc
AdminResult<AdminReply> get_session(AdminCall& call);      // session_answers.cc
AdminResult<AdminReply> sign_out(AdminCall& call);         // session_answers.cc
AdminResult<AdminReply> change_password(AdminCall& call);  // session_answers.cc
AdminResult<AdminReply> set_up(AdminCall& call);           // session_answers.cc

AdminResult<AdminReply> list_audit(AdminCall& call);      // system_answers.cc
AdminResult<AdminReply> get_health(AdminCall& call);      // system_answers.cc
AdminResult<AdminReply> list_reporters(AdminCall& call);  // system_answers.cc
}  // namespace admin_answers

}  // namespace rateguard::admin

// The one place that a request of the admin API passes: who asks, whether they may, what they send, and the answer's
// envelope.
#pragma once

#include <string>
#include <string_view>

#include "server/admin/admin_parts.h"
#include "server/admin/admin_request.h"

namespace rateguard::admin {

struct AdminOutcome {
  AdminAnswer answer = {};
  std::string_view route = {};  // the pattern, for logs: paths may have names in them; "unmatched"
  std::string actor = {};       // the id of who asked; empty: unknown
};

// Blocks: asks the catalog. Any thread.
AdminOutcome answer_admin(AdminParts& parts, const AdminRequest& request);
// A problem document outside answer_admin(): the server was too busy, or the request was none.
AdminAnswer problem_answer(const AdminRefusal& refusal, std::string_view request_id);

}  // namespace rateguard::admin

// The sessions of a member.
#pragma once

#include <string_view>

#include "catalog/change_set.h"
#include "server/admin/admin_call.h"

namespace rateguard::admin {

// Adds to `changes` that the member's sessions end, but the one of this request: who knows an old password is out once
// there is a new one. Blocks. Errors: as refusal_of() for the catalog's.
AdminResult<void> end_sessions(const AdminCall& call, std::string_view member_id, catalog::ChangeSet& changes);

}  // namespace rateguard::admin

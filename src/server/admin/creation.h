// What making or changing a record takes besides its fields: new secrets, passwords, folded addresses, and what its
// references have to do with each other.
#pragma once

#include <span>
#include <string_view>

#include "catalog/keys/secret_text.h"
#include "catalog/records.h"
#include "server/admin/admin_call.h"
#include "server/admin/record_json.h"

namespace rateguard::admin {

// Members of a body that are no fields of the record: "secret" stands for what its maker is shown.
std::span<const std::string_view> other_members(catalog::RecordKind kind, BodyFor purpose);

struct NewRecord {
  catalog::AnyRecord record = {};
  catalog::SecretText secret = {};  // empty: nothing is shown
};

// A record of the route's kind from the request's body. Errors: 400 with the fields, 403 for what the caller may not
// give, 422 for a reference to what is not there.
AdminResult<NewRecord> record_of_body(AdminCall& call);
// `record` with what the body changes. Errors: as above.
AdminResult<catalog::AnyRecord> changed_by_body(AdminCall& call, catalog::AnyRecord record);

// Whether records of this kind have a secret that is shown once.
bool has_shown_secret(catalog::RecordKind kind);

}  // namespace rateguard::admin

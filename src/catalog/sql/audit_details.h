// What a change did to a record, for the audit log.
#pragma once

#include <string>

#include "catalog/records.h"

namespace rateguard::catalog {

// The fields that differ, as JSON: {"name":{"from":"a","to":"b"}}. Null: there was, or is, no record; then empty fields
// are left out. Secrets stand as "(secret)", texts are cut at 1,000 bytes, times are RFC 3339's.
std::string audit_details(const AnyRecord* before, const AnyRecord* after);

}  // namespace rateguard::catalog

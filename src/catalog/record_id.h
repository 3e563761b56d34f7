// Ids of records: "key_01jd5zq3v8k6m2r9w4x7y0a1bc". After the prefix stand 48 bits of time in milliseconds and 80
// random bits in 26 characters, as in a ULID (https://github.com/ulid/spec) but in lower case, so that the order of ids
// as bytes is the order in which they were made, to the millisecond.
#pragma once

#include <string>
#include <string_view>

#include "catalog/record_kind.h"
#include "model/instant.h"

namespace rateguard::catalog {

// A new id. `now` is the wall clock's. Random bits come from the operating system. Any thread.
std::string new_record_id(RecordKind kind, Instant now);

// 1 to 64 characters of [A-Za-z0-9_.-] with the kind's prefix: what the catalog takes as an id. It does not have to be
// one of ours: imported records keep theirs.
bool is_record_id(RecordKind kind, std::string_view id);

}  // namespace rateguard::catalog

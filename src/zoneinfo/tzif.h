// The files that zic writes: TZif, RFC 9636.
#pragma once

#include <string_view>

#include "base/result.h"
#include "zoneinfo/zone_rules.h"

namespace rateguard::zoneinfo {

inline constexpr size_t kTzifBytesMax = 64 * 1024;  // the largest of the database, fat, has less than 4 KiB

// Reads a whole file of version 2 to 4. Strict: every count, order and bound of RFC 9636, section 3, holds, and nothing
// follows the footer. Files with leap seconds ("right/") are refused: instants here have none. Errors: kCorrupt, a
// sentence about the file without its name.
Result<ZoneRules> read_tzif(std::string_view bytes);

}  // namespace rateguard::zoneinfo

// Times as the admin API writes and reads them: RFC 3339.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/instant.h"

namespace rateguard::admin {

// "2026-12-01T02:30:00.000001Z": in UTC, to the microsecond where there are any.
std::string format_timestamp(Instant at);
// RFC 3339, section 5.6, from 1970 to 9999, at any offset; digits after the sixth of a second are dropped. A leap
// second counts as the second after it.
std::optional<Instant> parse_timestamp(std::string_view text);

}  // namespace rateguard::admin

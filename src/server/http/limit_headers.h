// The response headers that tell a client about its limits, in the four styles of the `headers` setting.
#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"
#include "model/limit.h"
#include "net/http_exchange.h"
#include "server/http/answer.h"

namespace rateguard::http {

// ietf:   RateLimit-Policy with every enforced limit, RateLimit with the deciding one
// (draft-ietf-httpapi-ratelimit-headers-10) draft6: RateLimit-Limit, -Remaining, -Reset, -Policy
// (draft-ietf-httpapi-ratelimit-headers-06) legacy: X-RateLimit-Limit, -Remaining, -Reset; the reset in seconds from
// now off:    none of them Each adds Retry-After to a refusal that waiting can mend. `buffer` is scratch.
void write_limit_headers(net::HttpResponder& responder, const Answer& answer, config::HeaderStyle style,
                         std::string& buffer);

// The window that headers give a limit, in seconds, at least 1: its own, or the time in which an empty bucket fills.
int64_t window_seconds(const Limit& limit);

// How rules that came with the request are called in headers and metrics.
inline constexpr std::string_view kAdHocName = "ad_hoc";

}  // namespace rateguard::http

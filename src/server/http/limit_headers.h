// The response headers that tell a client about its limits, in the styles of the `headers` setting.
#pragma once

#include <cstdint>
#include <string>

#include "http/exchange.h"
#include "model/header_style.h"
#include "model/limit.h"
#include "server/http/answer.h"

namespace rateguard::http_api {

// docs/http.md, section "Headers", has a table of what each style writes. All of them add Retry-After to a refusal that
// ends within kRetryAfterMax, and X-Should-Retry: false to one that a client should not wait for (kWorthWaiting).
// `buffer` is scratch.
void write_limit_headers(http::Responder& responder, const Answer& answer, HeaderStyle style, std::string& buffer);

// The longest wait that is sent: JavaScript's timers end at 2^31 - 1 ms (24.8 days), and clients that set a longer one
// retry at once.
inline constexpr Duration kRetryAfterMax = Duration::seconds(24LL * 86'400 - 1);
// The longest wait that a client should spend within a request. Some sleep for as long as Retry-After says, even for a
// day.
inline constexpr Duration kWorthWaiting = Duration::seconds(60);

// The window that headers give a limit, in seconds, at least 1: its own, or the time in which an empty bucket fills.
int64_t window_seconds(const Limit& limit);

// The name in headers and metrics of limits that came with the request.
inline constexpr std::string_view kAdHocName = "ad_hoc";

}  // namespace rateguard::http_api

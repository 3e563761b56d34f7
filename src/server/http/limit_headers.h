// The response headers that tell a client about its limits, in the styles of the `headers` setting.
#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"
#include "http/exchange.h"
#include "model/limit.h"
#include "server/http/answer.h"

namespace rateguard::http_api {

// What each style writes is in the table of docs/http.md, section "Headers". All of them add Retry-After to a refusal
// that waiting mends within kRetryAfterMax, and X-Should-Retry: false to one that a client should not sit out
// (kWorthWaiting). `buffer` is scratch.
void write_limit_headers(http::Responder& responder, const Answer& answer, config::HeaderStyle style,
                         std::string& buffer);

// The longest wait that is told: JavaScript's timers end at 2^31 - 1 ms (24.8 days), and clients that set one beyond
// retry at once.
inline constexpr Duration kRetryAfterMax = Duration::seconds(24LL * 86'400 - 1);
// The longest wait that a client may spend asleep in the middle of a request. Some would sleep for as long as
// Retry-After says, a day too.
inline constexpr Duration kWorthWaiting = Duration::seconds(60);

// The window that headers give a limit, in seconds, at least 1: its own, or the time in which an empty bucket fills.
int64_t window_seconds(const Limit& limit);

// How rules that came with the request are called in headers and metrics.
inline constexpr std::string_view kAdHocName = "ad_hoc";

}  // namespace rateguard::http_api

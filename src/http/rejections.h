// Why a session cannot accept a request, in the same words over every version of HTTP. "request-line" is the field of
// what HTTP/2 sends as pseudo-header fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/exchange.h"

namespace rateguard::http {

// It was not whole within the read timeout.
Rejection request_too_slow();
// What is kept of incomplete requests has reached its bound.
Rejection no_room_for_body();
Rejection body_too_large(uint64_t bytes_max);
// The same, if Content-Length says so.
Rejection length_too_large(uint64_t length, uint64_t bytes_max);
Rejection target_too_long(uint64_t bytes_max);
Rejection header_too_large(uint64_t bytes_max);
Rejection too_many_fields(uint32_t fields_max);
Rejection not_a_trailer(std::string_view name);
Rejection trailers_too_large(uint64_t bytes_max);
Rejection too_many_trailers(uint32_t fields_max);
Rejection connect_not_offered();
Rejection expectation_not_met();  // the only one that is met is "100-continue"
Rejection not_a_host(std::string_view host);

// Of a target in origin form, or "*": what is wrong with it, if anything.
std::optional<Rejection> check_target(std::string_view method, std::string_view target);

}  // namespace rateguard::http

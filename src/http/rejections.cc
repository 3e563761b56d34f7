#include "http/rejections.h"

#include <fmt/format.h>

#include "http/chars.h"
#include "http/quote.h"

namespace rateguard::http {

Rejection request_too_slow() {
  return {.status = 408, .detail = "the request took too long to arrive", .field = "request"};
}

Rejection no_room_for_body() {
  return {.status = 503,
          .detail = "too many requests are arriving at once to keep their bodies; try again",
          .field = "body"};
}

Rejection body_too_large(uint64_t bytes_max) {
  return {.status = 413, .detail = fmt::format("more than the {} bytes that are accepted", bytes_max), .field = "body"};
}

Rejection length_too_large(uint64_t length, uint64_t bytes_max) {
  return {.status = 413,
          .detail = fmt::format("{} bytes are more than the {} that are accepted", length, bytes_max),
          .field = "Content-Length"};
}

Rejection target_too_long(uint64_t bytes_max) {
  return {.status = 414,
          .detail = fmt::format("longer than the {} bytes that are accepted", bytes_max),
          .field = "request-line"};
}

Rejection header_too_large(uint64_t bytes_max) {
  return {
      .status = 431, .detail = fmt::format("longer than the {} bytes that are accepted", bytes_max), .field = "header"};
}

Rejection too_many_fields(uint32_t fields_max) {
  return {
      .status = 431, .detail = fmt::format("more than the {} fields that are accepted", fields_max), .field = "header"};
}

Rejection not_a_trailer(std::string_view name) {
  return {.status = 400, .detail = fmt::format("{} cannot be one", quote(name)), .field = "trailer"};
}

Rejection trailers_too_large(uint64_t bytes_max) {
  return {.status = 431,
          .detail = fmt::format("longer than the {} bytes that are accepted", bytes_max),
          .field = "trailer"};
}

Rejection too_many_trailers(uint32_t fields_max) {
  return {.status = 431,
          .detail = fmt::format("more than the {} fields that are accepted", fields_max),
          .field = "trailer"};
}

Rejection connect_not_offered() {
  return {.status = 501, .detail = "CONNECT is not offered here", .field = "request-line"};
}

Rejection expectation_not_met() {
  return {.status = 417, .detail = "cannot be met; expected \"100-continue\"", .field = "Expect"};
}

Rejection not_a_host(std::string_view host) {
  return {.status = 400, .detail = fmt::format("{} is not a host", quote(host)), .field = "Host"};
}

std::optional<Rejection> check_target(std::string_view method, std::string_view target) {
  const auto wrong = [](std::string detail) {
    return Rejection{.status = 400, .detail = std::move(detail), .field = "request-line"};
  };
  if (target == "*") {
    if (method == "OPTIONS") return std::nullopt;
    return wrong("the target \"*\" goes with OPTIONS only");
  }
  if (target.empty() || !all_chars(target, kTargetChar)) {
    return wrong(fmt::format("{} is not a target; expected visible ASCII without '#'", quote(target)));
  }
  if (target[0] != '/') return wrong(fmt::format("the target {} does not start with '/'", quote(target)));
  return std::nullopt;
}

}  // namespace rateguard::http

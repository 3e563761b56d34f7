#include "http/trailer_fields.h"

#include <algorithm>
#include <span>

#include "http/chars.h"

namespace rateguard::http {
namespace {

constexpr std::string_view kRefusedNames[] = {"connection",       "content-length", "expect",           "host",
                                              "proxy-connection", "upgrade",        "transfer-encoding"};

// Authentication, request modifiers, control data of answers, and what says how the content is to be processed. A field
// that begins with "if-" is a condition.
constexpr std::string_view kDroppedNames[] = {"age",
                                              "authorization",
                                              "cache-control",
                                              "content-encoding",
                                              "content-range",
                                              "content-type",
                                              "cookie",
                                              "date",
                                              "expires",
                                              "forwarded",
                                              "keep-alive",
                                              "location",
                                              "max-forwards",
                                              "pragma",
                                              "proxy-authenticate",
                                              "proxy-authorization",
                                              "range",
                                              "retry-after",
                                              "set-cookie",
                                              "te",
                                              "trailer",
                                              "vary",
                                              "via",
                                              "warning",
                                              "www-authenticate",
                                              "x-forwarded-for",
                                              "x-forwarded-host",
                                              "x-forwarded-proto"};

bool is_one_of(std::string_view name, std::span<const std::string_view> lower_names) {
  return std::ranges::any_of(lower_names, [&](std::string_view one) { return equals_lower(name, one); });
}

}  // namespace

TrailerUse trailer_use(std::string_view name) {
  if (is_one_of(name, kRefusedNames)) return TrailerUse::kRefused;
  const bool is_condition = equals_lower(name.substr(0, 3), "if-");
  return is_condition || is_one_of(name, kDroppedNames) ? TrailerUse::kDropped : TrailerUse::kGiven;
}

}  // namespace rateguard::http

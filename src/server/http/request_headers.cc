#include "server/http/request_headers.h"

#include <algorithm>

#include "model/ascii.h"

namespace rateguard::http_api {
namespace {

// A media type with or without parameters (RFC 9110, section 8.3.1).
bool is_media_type(std::string_view content_type, std::string_view type) {
  if (content_type == type) return true;  // as nearly all clients write it
  if (!equal_ignoring_case(content_type.substr(0, type.size()), type)) return false;
  const std::string_view rest = content_type.substr(type.size());
  return rest.empty() || rest[0] == ';' || rest[0] == ' ' || rest[0] == '\t';
}

}  // namespace

RequestHeaders scan_headers(std::span<const Header> headers) {
  RequestHeaders found;
  const auto take_once = [&found](std::string_view RequestHeaders::* place, const Header& header) {
    std::string_view& value = found.*place;
    if (value.data() != nullptr) found.repeated = header.name;
    value = header.value;
  };
  for (const Header& header : headers) {
    switch (header.name.size()) {
      case 6:
        found.origin = found.origin || equal_ignoring_case(header.name, "origin");
        break;
      case 9:
        found.forwarded = found.forwarded || equal_ignoring_case(header.name, "forwarded");
        break;
      case 12:
        if (found.content_type.data() == nullptr && equal_ignoring_case(header.name, "content-type")) {
          found.content_type = header.value;
        }
        if (found.request_id.empty() && equal_ignoring_case(header.name, "x-request-id") &&
            is_sane_request_id(header.value)) {
          found.request_id = header.value;
        }
        break;
      case 13:
        if (equal_ignoring_case(header.name, "authorization")) take_once(&RequestHeaders::authorization, header);
        break;
      case 15:
        found.forwarded = found.forwarded || equal_ignoring_case(header.name, "x-forwarded-for");
        break;
      case 17:
        if (equal_ignoring_case(header.name, "x-rateguard-token")) take_once(&RequestHeaders::token, header);
        break;
      default:
        break;
    }
  }
  return found;
}

bool takes_json(const RequestHeaders& headers) {
  if (is_media_type(headers.content_type, "application/json")) return true;
  if (headers.origin) return false;
  return headers.content_type.empty() || is_media_type(headers.content_type, "application/x-www-form-urlencoded");
}

bool is_sane_request_id(std::string_view id) {
  constexpr std::string_view kMarks = "-_.:/+=@";
  constexpr size_t kLengthMax = 128;  // twice the longest in common use, a W3C traceparent
  const auto sane = [&](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  };
  return !id.empty() && id.size() <= kLengthMax && std::all_of(id.begin(), id.end(), sane);
}

}  // namespace rateguard::http_api

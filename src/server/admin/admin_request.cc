#include "server/admin/admin_request.h"

#include "model/ascii.h"
#include "server/http/request_headers.h"

namespace rateguard::admin {

std::string_view AdminRequest::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (equal_ignoring_case(known, name)) return value;
  }
  return {};
}

AdminRequest copied(const http::Request& request, Instant now, std::string_view id) {
  AdminRequest copy = {.method = std::string(request.method),
                       .path = std::string(request.path),
                       .query = std::string(request.query),
                       .body = std::string(request.body),
                       .peer = request.peer.to_string(),
                       .id = std::string(id),
                       .now = now};
  copy.headers.reserve(request.headers.size());
  for (const Header& header : request.headers) copy.headers.emplace_back(header.name, header.value);
  // HTTP/2 says it in a field of its own.
  if (copy.header("Host").empty()) copy.headers.emplace_back("Host", request.authority);
  const std::string_view own_id = copy.header("X-Request-Id");
  if (http_api::is_sane_request_id(own_id)) copy.id = own_id;
  return copy;
}

std::unexpected<AdminRefusal> refused(int status, std::string code, std::string detail, std::string field) {
  return std::unexpected(AdminRefusal{
      .problem = {.status = status, .detail = std::move(detail), .field = std::move(field)}, .code = std::move(code)});
}

}  // namespace rateguard::admin

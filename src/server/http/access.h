// Who may call a route: server/access.h, with the token and the peer of an HTTP request.
#pragma once

#include "model/ip_address.h"
#include "server/access.h"
#include "server/http/request_headers.h"

namespace rateguard::http_api {

using server::Access;
using server::AccessVerdict;

AccessVerdict check_access(Access access, const RequestHeaders& headers, const IpAddress& peer, server::Tokens tokens);

}  // namespace rateguard::http_api

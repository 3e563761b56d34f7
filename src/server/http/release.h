// Giving a hold of a concurrency limit back, whichever route asks for it.
#pragma once

#include <string_view>

#include "server/http/call.h"

namespace rateguard::http_api {

// Gives back the hold of that text. False: the problem is answered.
bool release_hold(ApiCall& call, std::string_view text);

}  // namespace rateguard::http_api

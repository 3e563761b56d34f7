// What an HTTP answer begins with, as a client hears it.
#pragma once

#include <span>

#include "http/exchange.h"

namespace rateguard::http {

// A valid head. Its views live until the call that gave it returns.
struct AnswerHead {
  int status = 0;                        // 100 to 599
  std::span<const Header> headers = {};  // HTTP/2: names in lower case
  Version version = Version::k11;
};

}  // namespace rateguard::http

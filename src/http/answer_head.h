// The head of an HTTP answer, as a client receives it.
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

// The body of POST /v1/verify: an API key, and what it is shown for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ip_address.h"
#include "model/request_facts.h"
#include "server/http/problem.h"

namespace rateguard::http_api {

struct VerifyBody {
  std::string key = {};
  std::string route = {};
  std::vector<std::string> scopes = {};
  std::vector<std::string> limits = {};  // names of rules; empty: all that match
  int64_t cost = 1;
  std::string method = {};
  std::string path = {};
  std::string host = {};
  std::string user = {};
  std::optional<IpAddress> ip = {};
};

// Strict: every member known and of its type. Errors name the field; the key itself is never repeated.
std::vector<FieldError> read_verify_body(std::string_view text, VerifyBody& body);

}  // namespace rateguard::http_api

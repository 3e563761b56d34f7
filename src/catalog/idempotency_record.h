// What was answered to a request that named an idempotency key, so that its repetition gets the same answer.
#pragma once

#include <cstdint>
#include <string>

#include "catalog/record_field.h"
#include "model/instant.h"

namespace rateguard::catalog {

struct IdempotencyRecord {
  std::string scope = {};  // whose key it is: the id of a member or a token
  std::string key = {};
  Sha256 request_sha256 = {};  // of method, path and body: another request with the same key is a mistake
  int64_t status = 0;
  std::string body = {};  // without secrets: they are shown once
  Instant created_at = {};
  Instant expires_at = {};

  bool operator==(const IdempotencyRecord&) const = default;
};

}  // namespace rateguard::catalog

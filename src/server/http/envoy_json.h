// Envoy's rate limit messages as proto3-JSON: the body of POST /json and its answer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "envoy/rate_limit.h"

namespace rateguard::http_api {

// A request, and the document that it borrows from.
class EnvoyJsonRequest {
 public:
  // RateLimitRequest in camelCase or snake_case. As in protobuf's JSON mapping, numbers may be texts, enums names or
  // numbers, null is a field's default, and an unknown field is an error. Errors: kInvalid, saying what is wrong and
  // where; kExhausted for more descriptors or entries than the bounds.
  static Result<EnvoyJsonRequest> parse(std::string_view text);
  EnvoyJsonRequest(EnvoyJsonRequest&&) noexcept;
  ~EnvoyJsonRequest();

  // Valid as long as this.
  const envoy::DescriptorRequest& request() const;

 private:
  struct Parsed;
  explicit EnvoyJsonRequest(std::unique_ptr<Parsed> parsed);
  std::unique_ptr<Parsed> parsed_;
};

// Appends a RateLimitResponse: camelCase, leaving out fields with their default.
void append_envoy_response(std::string& out, const envoy::Response& response);

}  // namespace rateguard::http_api

// What a call says of itself before its message: gRPC over HTTP/2, "Requests".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/exchange.h"
#include "model/instant.h"

namespace rateguard::grpc {

enum class Encoding : uint8_t { kIdentity, kGzip, kUnknown };

// Views are the request's.
struct CallHead {
  bool is_post = false;
  std::string_view content_type = {};
  Encoding encoding = Encoding::kIdentity;  // of the messages that the caller sends
  bool accepts_gzip = false;
  std::string_view timeout = {};  // as sent; empty: none
  std::string_view authorization = {};
  bool authorization_repeated = false;  // it came twice; one of two does not count

  // "application/grpc", alone or followed by "+proto" or parameters. gRPC over JSON is not spoken here.
  bool is_grpc() const;
};

CallHead read_head(const http::Request& request);

// "100m" is 100 ms: one to eight digits and a unit, H M S m u n. Nothing: not of that form. Nanoseconds are rounded up.
std::optional<Duration> parse_timeout(std::string_view text);

// The token of "Bearer TOKEN" (RFC 6750, section 2.1); empty: none.
std::string_view bearer_token(std::string_view authorization);

}  // namespace rateguard::grpc

// The head of a call: gRPC over HTTP/2, "Requests".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/exchange.h"
#include "model/instant.h"

namespace rateguard::grpc {

enum class Encoding : uint8_t { kIdentity, kGzip, kUnknown };

// The views point into the request.
struct CallHead {
  bool is_post = false;
  std::string_view content_type = {};
  Encoding encoding = Encoding::kIdentity;  // of the messages that the caller sends
  bool accepts_gzip = false;
  std::string_view timeout = {};  // as sent; empty: no timeout
  std::string_view authorization = {};
  bool authorization_repeated = false;  // sent twice: then neither counts

  // "application/grpc", alone or followed by "+proto" or parameters. gRPC over JSON is not spoken here.
  bool is_grpc() const;
};

CallHead read_head(const http::Request& request);

// "100m" is 100 ms: one to eight digits and a unit, H M S m u n. Empty if it is not of that form. Nanoseconds are
// rounded up.
std::optional<Duration> parse_timeout(std::string_view text);

// The token of "Bearer TOKEN" (RFC 6750, section 2.1); empty if there is none.
std::string_view bearer_token(std::string_view authorization);

}  // namespace rateguard::grpc

// How a call ended, in gRPC's terms.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rateguard::grpc {

// The numbers are the wire's.
enum class StatusCode : uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

struct Status {
  StatusCode code = StatusCode::kOk;
  std::string message = {};  // for the caller; UTF-8

  bool ok() const { return code == StatusCode::kOk; }
};

// "0" to "16".
std::string_view number_of(StatusCode code);
// "RESOURCE_EXHAUSTED".
std::string_view name_of(StatusCode code);

// The names of all codes, in the order of their numbers.
std::span<const std::string_view> code_names();

// A message as grpc-message carries it: with '%' and everything but visible ASCII percent-encoded (gRPC over HTTP/2,
// "Responses").
std::string percent_encoded(std::string_view message);

}  // namespace rateguard::grpc

#include "server/grpc/status.h"

#include <array>

#include "model/percent.h"

namespace rateguard::grpc {
namespace {

constexpr std::array<std::string_view, 17> kNumbers = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                                       "9", "10", "11", "12", "13", "14", "15", "16"};
constexpr std::array<std::string_view, 17> kNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

}  // namespace

std::string_view number_of(StatusCode code) {
  return kNumbers[static_cast<size_t>(code)];
}

std::string_view name_of(StatusCode code) {
  return kNames[static_cast<size_t>(code)];
}

std::span<const std::string_view> code_names() {
  return kNames;
}

std::string percent_encoded(std::string_view message) {
  std::string encoded;
  for (const char c : message) {
    if (c >= ' ' && c <= '~' && c != '%') {
      encoded += c;
    } else {
      append_percent_encoded(encoded, c);
    }
  }
  return encoded;
}

}  // namespace rateguard::grpc

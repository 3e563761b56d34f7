// A question to Envoy's rate limit service and its answer, independent of any wire format: gRPC and POST /json both use
// it (envoy.service.ratelimit.v3, data-plane-api).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "envoy/value.h"
#include "model/instant.h"

namespace rateguard::envoy {

// In the order of RateLimitResponse.RateLimit.Unit; the numbers are the wire's.
enum class Unit : uint8_t {
  kUnknown = 0,
  kSecond = 1,
  kMinute = 2,
  kHour = 3,
  kDay = 4,
  kMonth = 5,
  kYear = 6,
  kWeek = 7
};

enum class Code : uint8_t { kUnknown = 0, kOk = 1, kOverLimit = 2 };

struct Entry {
  std::string_view key;
  std::string_view value;
};

// A limit that the request brings along in place of the configured one.
struct Override {
  uint32_t requests_per_unit = 0;
  Unit unit = Unit::kUnknown;
  int64_t unit_number = 0;       // as received, for the message if it is not a unit
  uint32_t unit_multiplier = 1;  // the number of units in the period
};

struct Descriptor {
  std::vector<Entry> entries;
  std::optional<Override> limit = {};
  std::optional<uint64_t> hits_addend = {};  // takes precedence over the request's; 0 takes nothing
  bool is_negative_hits = false;             // the hits are given back
};

// Bounds on one request, far above what Envoy's configurations produce. A larger request is refused before anything is
// decided.
inline constexpr size_t kDescriptorsMax = 1'000;
inline constexpr size_t kEntriesMax = 10'000;  // of all descriptors together

// Every view is borrowed from the caller's buffer.
struct DescriptorRequest {
  std::string_view domain;
  std::vector<Descriptor> descriptors;
  uint32_t hits_addend = 0;  // 0 means 1
};

// What limit was applied. `name` lives as long as the configuration.
struct CurrentLimit {
  uint32_t requests_per_unit = 0;
  Unit unit = Unit::kUnknown;
  uint32_t unit_multiplier = 1;  // for a period of several units
  std::string_view name = {};
};

struct DescriptorStatus {
  Code code = Code::kOk;
  std::optional<CurrentLimit> current_limit = {};  // none if no limit applies to this descriptor
  uint32_t limit_remaining = 0;
  std::optional<Duration> until_reset = {};  // whole seconds; set if there is a current_limit
};

struct ResponseHeader {
  std::string name;
  std::string value;
};

struct Response {
  Code overall = Code::kUnknown;
  std::vector<DescriptorStatus> statuses = {};  // one for each descriptor, in its order
  std::vector<ResponseHeader> response_headers = {};
  std::optional<Value> dynamic_metadata = {};  // a struct; only if the settings ask for it
};

}  // namespace rateguard::envoy

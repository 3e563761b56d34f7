// What a call of a language model used. Each token is in one of the counts of its direction, whatever the provider's
// own arithmetic: OpenAI counts cached input as input too, Anthropic does not.
#pragma once

#include <cstdint>
#include <optional>

namespace rateguard::usage {

enum class UsageSource : uint8_t {
  kNone,       // nothing is known
  kReported,   // by the provider
  kEstimated,  // the answer ended early: what had been reported, and the rest counted from what passed
};

struct TokenUsage {
  int64_t input = 0;                              // read afresh: neither from a cache nor written to one
  int64_t cached_input = 0;                       // read from a cache
  int64_t cache_write = 0;                        // written to a cache that keeps them for five minutes
  int64_t cache_write_1h = 0;                     // ... for an hour
  int64_t output = 0;                             // all of it, reasoning too
  int64_t reasoning = 0;                          // the part of `output` that the caller does not see
  std::optional<int64_t> cost_nano_dollars = {};  // what the provider says that it charges
  UsageSource source = UsageSource::kNone;

  int64_t all_input() const { return input + cached_input + cache_write + cache_write_1h; }
  bool operator==(const TokenUsage&) const = default;
};

}  // namespace rateguard::usage

// A call of ShouldRateLimit, from its message to its answer.
#pragma once

#include <google/protobuf/arena.h>

#include <string>
#include <string_view>
#include <vector>

#include "envoy/rate_limit.h"
#include "server/grpc/status.h"
#include "server/rls/rate_limit_desk.h"

namespace rateguard::grpc {

// Holds the question until it is decided. Used on one event loop's thread, for one call at a time; its buffers are
// reused from call to call. `rate_limits` outlives it.
class RateLimitCall {
 public:
  explicit RateLimitCall(rls::RateLimitService& rate_limits);
  // About how much memory deciding a message of that size takes.
  static size_t bytes_for(size_t message_bytes) { return kArenaBytes + message_bytes; }

  // Reads the question, replacing the last one; keeps no references to `message`.
  Status read(std::string_view message);
  // Makes `reply` the framed answer, without touching it before the decision is made: if the store has to be waited
  // for, a task calls this, and others may use `reply` meanwhile. REQUIRES: read() succeeded.
  Status answer(Now now, std::string& reply);

  // As rls::RateLimitDesk's.
  server::DecisionNote take_note() { return decider_.take_note(); }

 private:
  // The arena's first block: a request of a dozen descriptors and its response, without another allocation.
  static constexpr size_t kArenaBytes = 32 * 1'024;
  // The most memory that is kept from call to call.
  static constexpr size_t kKeptBytesMax = 4 * kArenaBytes;

  Status refuse(const Error& error);

  std::vector<char> arena_block_;
  google::protobuf::Arena arena_;     // of the question and the answer
  envoy::DescriptorRequest request_;  // borrows from the question
  rls::RateLimitDesk decider_;
};

}  // namespace rateguard::grpc

#include "server/grpc/rate_limit_call.h"

#include <envoy/service/ratelimit/v3/rls.pb.h>

#include "server/grpc/protobuf_message.h"
#include "server/grpc/rate_limit_messages.h"

namespace rateguard::grpc {
namespace {

namespace v3 = ::envoy::service::ratelimit::v3;

google::protobuf::ArenaOptions arena_options(std::vector<char>& block) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block.data();
  options.initial_block_size = block.size();
  return options;
}

// The codes of envoyproxy/ratelimit, whose errors have no codes of their own (docs/grpc.md).
Status status_of(const Error& error) {
  if (error.code == ErrorCode::kExhausted) return {StatusCode::kResourceExhausted, error.message};
  return {error.code == ErrorCode::kUnavailable ? StatusCode::kUnavailable : StatusCode::kUnknown, error.message};
}

}  // namespace

RateLimitCall::RateLimitCall(rls::RateLimitService& rate_limits)
    : arena_block_(kArenaBytes), arena_(arena_options(arena_block_)), decider_(rate_limits) {}

Status RateLimitCall::read(std::string_view message) {
  arena_.Reset();
  if (auto bounded = check_descriptor_bounds(message); !bounded) return refuse(bounded.error());
  auto& asked = *google::protobuf::Arena::CreateMessage<v3::RateLimitRequest>(&arena_);
  if (Status parsed = parse(message, asked); !parsed.ok()) return parsed;
  if (auto taken = from_message(asked, request_); !taken) return refuse(taken.error());
  return {};
}

Status RateLimitCall::refuse(const Error& error) {
  decider_.note_error();
  const StatusCode code =
      error.code == ErrorCode::kExhausted ? StatusCode::kResourceExhausted : StatusCode::kInvalidArgument;
  return {code, error.message};
}

Status RateLimitCall::answer(Now now, std::string& reply) {
  const auto response = decider_.decide(request_, now);
  if (!response) return status_of(response.error());
  auto& answered = *google::protobuf::Arena::CreateMessage<v3::RateLimitResponse>(&arena_);
  to_message(**response, answered);
  frame(answered, reply);
  if (arena_.SpaceAllocated() > kKeptBytesMax) {  // frees the memory of a large message
    request_ = {};
    arena_.Reset();
  }
  return {};
}

}  // namespace rateguard::grpc

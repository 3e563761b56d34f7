#include "event/recorder.h"

#include <algorithm>

namespace rateguard::event {

uint64_t used_before(const Decision& decision, int64_t cost) {
  const uint64_t after = decision.limit - std::min(decision.remaining, decision.limit);
  if (cost < 0) return std::min(after + static_cast<uint64_t>(-cost), decision.limit);
  return decision.allowed() ? after - std::min(static_cast<uint64_t>(cost), after) : after;
}

std::string_view name_of(Door door) {
  switch (door) {
    case Door::kHttpCheck:
      return "http_check";
    case Door::kHttpBatch:
      return "http_batch";
    case Door::kHttpAuthz:
      return "http_authz";
    case Door::kHttpVerify:
      return "http_verify";
    case Door::kEnvoyJson:
      return "envoy_json";
    case Door::kGrpc:
      return "grpc";
    case Door::kResp:
      return "resp";
    case Door::kLibrary:
      break;
  }
  return "library";
}

}  // namespace rateguard::event

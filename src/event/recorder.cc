#include "event/recorder.h"

namespace rateguard::event {

std::string_view name_of(Door door) {
  switch (door) {
    case Door::kHttpCheck:
      return "http_check";
    case Door::kHttpBatch:
      return "http_batch";
    case Door::kHttpAuthz:
      return "http_authz";
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

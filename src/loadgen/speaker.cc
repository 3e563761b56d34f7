#include "loadgen/speaker.h"

#include "base/check.h"
#include "loadgen/grpc_speaker.h"
#include "loadgen/http_speaker.h"
#include "loadgen/resp_speaker.h"

namespace rateguard::loadgen {

std::unique_ptr<Speaker> make_speaker(const Plan& plan) {
  switch (plan.target.protocol) {
    case Protocol::kHttp:
      return std::make_unique<HttpSpeaker>(plan);
    case Protocol::kResp:
      return std::make_unique<RespSpeaker>(plan);
    case Protocol::kGrpc:
      return std::make_unique<GrpcSpeaker>(plan);
  }
  RG_CHECK(false);
  return nullptr;
}

}  // namespace rateguard::loadgen

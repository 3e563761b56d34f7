#include "loadgen/speaker.h"

#include <algorithm>

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

std::string one_line(std::string_view text) {
  constexpr size_t kShown = 200;
  std::string line(text.substr(0, kShown));
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text.size() > kShown ? line + "..." : line;
}

}  // namespace rateguard::loadgen

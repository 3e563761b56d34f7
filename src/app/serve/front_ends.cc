#include "app/serve/front_ends.h"

namespace rateguard::app {
namespace {

constexpr const FrontEndKind* kFrontEndKinds[] = {&kHttpFront, &kGrpcFront, &kRespFront, &kAdminFront};

}  // namespace

std::span<const FrontEndKind* const> front_end_kinds() {
  return kFrontEndKinds;
}

}  // namespace rateguard::app

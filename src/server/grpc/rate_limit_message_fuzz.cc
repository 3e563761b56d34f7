// Bytes as a RateLimitRequest, decided, and answered: whatever protobuf takes, a decision can be made of.
#include <cstdint>

#include "base/check.h"
#include "server/grpc/policies_for_fuzzing.h"
#include "server/grpc/protobuf_log.h"
#include "server/grpc/rate_limit_messages.h"
#include "server/rls/rate_limit_desk.h"
#include "store/memory/asan_options_for_fuzzing.h"
#include "store/memory/memory_store.h"

namespace rateguard::grpc {
namespace {

struct Deciding {
  std::unique_ptr<MemoryStore> store = MemoryStore::create({.max_keys = 1'000}).value();
  server::Service shared{*store};
  rls::DescriptorLabels labels;
  rls::RateLimitService service{shared, labels};
  rls::RateLimitDesk decider{service};

  Deciding() {
    silence_protobuf();
    set_policies_for_fuzzing(service, envoy::Counting::kEveryRequest);
  }
};

}  // namespace
}  // namespace rateguard::grpc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* const deciding = new rateguard::grpc::Deciding();
  static rateguard::envoy::DescriptorRequest request;  // used again, as a loop does
  ::envoy::service::ratelimit::v3::RateLimitRequest asked;
  if (size > 65'536 || !asked.ParseFromArray(data, static_cast<int>(size))) return 0;
  if (!rateguard::grpc::from_message(asked, request)) return 0;  // it has fields that we do not know
  RG_CHECK(request.domain == asked.domain());
  const auto response = deciding->decider.decide(request, rateguard::Instant::from_seconds(1'700'000'000));
  if (!response) return 0;
  RG_CHECK((*response)->statuses.size() == request.descriptors.size());
  ::envoy::service::ratelimit::v3::RateLimitResponse answered;
  rateguard::grpc::to_message(**response, answered);
  RG_CHECK(answered.statuses_size() == asked.descriptors_size());
  RG_CHECK(answered.IsInitialized());
  return 0;
}

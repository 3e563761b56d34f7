#include "server/grpc/protobuf_log.h"

#include <envoy/service/ratelimit/v3/rls.pb.h>
#include <gtest/gtest.h>

#include <string_view>

namespace rateguard::grpc {
namespace {

// Field 1, the domain, of a byte that is no UTF-8.
constexpr std::string_view kNotUtf8 = "\x0a\x01\xff";

TEST(ProtobufLog, InvalidUtf8IsRefusedWithoutALogLine) {
  silence_protobuf();
  ::envoy::service::ratelimit::v3::RateLimitRequest request;
  testing::internal::CaptureStderr();
  const bool parsed = request.ParseFromArray(kNotUtf8.data(), static_cast<int>(kNotUtf8.size()));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_FALSE(parsed);
}

}  // namespace
}  // namespace rateguard::grpc

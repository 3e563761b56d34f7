#include "server/rls/rate_limit_service.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "config/envoy_reader.h"
#include "store/memory/memory_store.h"

namespace {
thread_local size_t allocations = 0;
}  // namespace

// Not inlined, or the compiler sees free() meet new and warns.
[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace rateguard::rls {
namespace {

constexpr Instant kNow = Instant::from_seconds(86'400 * 100 + 20);

envoy::Policy policy_of(std::string_view yaml) {
  return {
      .limits =
          envoy::RateLimits::compile({config::parse_envoy(yaml, "f").value()}, envoy::SameDomain::kRejected).value()};
}

envoy::Request asking(std::string_view key, std::string_view value) {
  return {.domain = "d", .descriptors = {{.entries = {{key, value}}}}};
}

class RateLimitServiceTest : public testing::Test {
 protected:
  RateLimitServiceTest() : store_(MemoryStore::create({.max_keys = 1'000}).value()), service_(*store_, labels_) {}

  const metrics::DescriptorCounters& counters(std::string_view path) {
    return service_.metrics().descriptors[labels_.slot(path)];
  }

  std::unique_ptr<MemoryStore> store_;
  metrics::DescriptorLabels labels_;
  RateLimitService service_;
};

TEST_F(RateLimitServiceTest, NothingIsLoadedUntilAPolicyComes) {
  EXPECT_FALSE(service_.has_policy());
  EXPECT_EQ(service_.should_rate_limit(asking("k", "v"), kNow).error().message, "no rate limit configuration loaded");
  EXPECT_EQ(service_.metrics().errors.value(), 1u);
  service_.set_policy(policy_of("domain: d"));
  EXPECT_TRUE(service_.has_policy());
  EXPECT_EQ((*service_.should_rate_limit(asking("k", "v"), kNow))->overall, envoy::Code::kOk);
  EXPECT_EQ(service_.metrics().ok.value(), 1u);
}

TEST_F(RateLimitServiceTest, CountsByPathAndKeepsItsCountersOverAReload) {
  const auto with_limit = [](int limit) {
    return policy_of("domain: d\ndescriptors:\n  - {key: k, rate_limit: {unit: day, requests_per_unit: " +
                     std::to_string(limit) + "}}");
  };
  service_.set_policy(with_limit(1));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(service_.should_rate_limit(asking("k", "v"), kNow).has_value());
  EXPECT_EQ(counters("d.k").total_hits.value(), 3u);
  EXPECT_EQ(counters("d.k").within_limit.value(), 1u);
  EXPECT_EQ(counters("d.k").over_limit.value(), 2u);
  EXPECT_EQ(service_.metrics().over_limit.value(), 2u);
  service_.set_policy(with_limit(2));
  const auto response = service_.should_rate_limit(asking("k", "v"), kNow);
  EXPECT_EQ((*response)->overall, envoy::Code::kOk) << "a raised limit takes effect, and what was used is kept";
  EXPECT_EQ((*response)->statuses[0].limit_remaining, 0u);
  EXPECT_EQ(counters("d.k").total_hits.value(), 4u);
}

TEST_F(RateLimitServiceTest, LabelsOfRequestsAreBounded) {
  service_.set_policy(policy_of(
      "domain: d\ndescriptors:\n  - {key: k, detailed_metric: true, rate_limit: {unit: day, requests_per_unit: 5}}"));
  for (int i = 0; i < 2 * metrics::kLabelledDescriptorsMax; ++i) {
    const std::string value = std::to_string(i);
    ASSERT_TRUE(service_.should_rate_limit(asking("k", value), kNow).has_value());
  }
  ASSERT_TRUE(service_.should_rate_limit(asking("k", "7"), kNow).has_value());
  EXPECT_EQ(counters("d.k_7").total_hits.value(), 2u);
  EXPECT_EQ(labels_.names().size(), metrics::kDescriptorSlots);
  EXPECT_GT(service_.metrics().descriptors[metrics::kOtherDescriptorSlot].total_hits.value(), 900u);
  ASSERT_TRUE(service_.should_rate_limit(asking("k", std::string(300, 'x')), kNow).has_value());
}

TEST_F(RateLimitServiceTest, AllocatesNothingOnceItsBuffersHaveGrown) {
  service_.set_policy(policy_of(R"(
domain: d
descriptors:
  - {key: k, value: "*b*c", rate_limit: {unit: day, requests_per_unit: 5, name: n}}
  - {key: l, detailed_metric: true, rate_limit: {unit: day, requests_per_unit: 5, replaces: [{name: m}]}}
)"));
  envoy::Request request = asking("k", "a value that is longer than what strings hold within, b, c");
  request.descriptors.push_back(request.descriptors[0]);
  request.descriptors.push_back({.entries = {{"l", "another value that is longer than that"}}});
  request.descriptors.push_back({.entries = {{"nothing", "configured"}}});
  request.descriptors.push_back(
      {.entries = {{"own", "limit"}}, .limit = envoy::Override{.requests_per_unit = 3, .unit = envoy::Unit::kHour}});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(service_.should_rate_limit(request, kNow).has_value());
  const size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    if (!service_.should_rate_limit(request, kNow).has_value()) break;
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(service_.metrics().over_limit.value() + service_.metrics().ok.value(), 103u);
}

}  // namespace
}  // namespace rateguard::rls

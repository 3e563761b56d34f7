#include "server/rls/descriptor_source.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/report_testing.h"

namespace rateguard::rls {
namespace {

TEST(DescriptorSource, SumsTheLoopsByTheDescriptorsPaths) {
  DescriptorSource source;
  const auto first = std::make_unique<DescriptorMetrics>();
  const auto second = std::make_unique<DescriptorMetrics>();
  source.add(*first);
  source.add(*second);
  const uint16_t slot = source.labels().slot("d.key_value");
  first->descriptors[slot].total_hits.add(2);
  DescriptorCounters& counters = second->descriptors[slot];
  counters.total_hits.add(3);
  counters.within_limit.add(3);
  counters.near_limit.add(1);
  counters.over_limit.add(2);
  counters.shadow_mode.add(4);
  counters.given_back.add(10);
  counters.debts_cut.add(11);
  first->ok.add(6);
  first->over_limit.add(7);
  first->errors.add(8);
  second->global_shadow.add(9);
  const std::string text = server::reported(source);
  for (const char* line :
       {"rateguard_envoy_total_hits_total{descriptor=\"d.key_value\"} 5",
        "rateguard_envoy_within_limit_total{descriptor=\"d.key_value\"} 3",
        "rateguard_envoy_near_limit_total{descriptor=\"d.key_value\"} 1",
        "rateguard_envoy_over_limit_total{descriptor=\"d.key_value\"} 2",
        "rateguard_envoy_shadow_mode_total{descriptor=\"d.key_value\"} 4",
        "rateguard_envoy_given_back_total{descriptor=\"d.key_value\"} 10",
        "rateguard_envoy_debts_cut_total{descriptor=\"d.key_value\"} 11",
        "rateguard_envoy_total_hits_total{descriptor=\"override\"} 0", "rateguard_envoy_requests_total{code=\"ok\"} 6",
        "rateguard_envoy_requests_total{code=\"over_limit\"} 7", "rateguard_envoy_requests_total{code=\"error\"} 8",
        "rateguard_envoy_global_shadow_total 9"}) {
    EXPECT_TRUE(server::has_line(text, line)) << line << '\n' << text;
  }
}

TEST(DescriptorLabels, AreBoundedAndStay) {
  DescriptorLabels labels;
  const uint16_t first = labels.slot("first");
  for (int i = 1; i < kLabelledDescriptorsMax; ++i) labels.slot("d" + std::to_string(i));
  EXPECT_EQ(labels.slot("one more"), kOtherDescriptorSlot);
  EXPECT_EQ(labels.slot("first"), first);
  EXPECT_EQ(labels.names().size(), kDescriptorSlots);
}

}  // namespace
}  // namespace rateguard::rls

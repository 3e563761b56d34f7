// A decider on a memory store, and its answers as text. For tests only.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "envoy/decider.h"
#include "envoy/specs_for_tests.h"
#include "store/memory/memory_store.h"

namespace rateguard::envoy {

// 20 seconds into a minute, an hour and a day that begin with the Unix epoch.
inline constexpr Instant kNow = Instant::from_seconds(100 * 86'400 + 20);

class DeciderTest : public ::testing::Test {
 protected:
  DeciderTest() : store_(MemoryStore::create({.max_keys = 1'000}).value()), decider_(*store_) {}

  void configure(std::vector<DescriptorSpec> descriptors, Answering answering = {}, bool atomic = false) {
    policy_.limits = compiled(std::move(descriptors), atomic).value();
    policy_.answering = std::make_shared<Answering>(std::move(answering));
  }

  // "OK: OK 4/5 40s, OK, OVER_LIMIT 0/1 40s": the overall code, and each status with what is left, the limit and the
  // time to its reset, if there are any.
  std::string ask(const DescriptorRequest& request, Instant now = kNow) {
    const auto response = decider_.decide(policy_, request, now);
    if (!response) return "error: " + response.error().message;
    last_ = *response;
    std::string text = name((*response)->overall) + ":";
    for (const DescriptorStatus& status : (*response)->statuses) {
      text += (text.back() == ':' ? " " : ", ") + name(status.code);
      if (status.current_limit) {
        text += fmt::format(" {}/{} {}s", status.limit_remaining, status.current_limit->requests_per_unit,
                            status.until_reset->us / 1'000'000);
      } else if (status.limit_remaining != 0) {
        text += fmt::format(" {}", status.limit_remaining);
      }
    }
    return text;
  }
  std::string ask(Pairs pairs, uint32_t hits = 0, Instant now = kNow) {
    return ask(request({asking(pairs)}, hits), now);
  }

  static std::string name(Code code) {
    return code == Code::kOk ? "OK" : code == Code::kOverLimit ? "OVER_LIMIT" : "UNKNOWN";
  }

  std::unique_ptr<MemoryStore> store_;
  Decider decider_;
  DescriptorPolicy policy_;
  const Response* last_ = nullptr;
};

inline DescriptorSpec shadowed(DescriptorSpec spec) {
  spec.shadow_mode = true;
  return spec;
}

inline DescriptorSpec quota(DescriptorSpec spec) {
  spec.quota_mode = true;
  return spec;
}

}  // namespace rateguard::envoy

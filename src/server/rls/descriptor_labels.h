// The slots of the descriptors of Envoy's configuration in the counters, fixed for the life of the process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"

namespace rateguard::rls {

// The most paths of descriptors with counters of their own: seven time series each. Those of `detailed_metric` and
// `value_to_metric` come from requests, so the bound is what keeps callers from filling the memory.
inline constexpr uint16_t kLabelledDescriptorsMax = 1'000;

// The slots of limits that came with requests, and of paths above the bound.
inline constexpr uint16_t kOverrideDescriptorSlot = 0;
inline constexpr uint16_t kOtherDescriptorSlot = 1;
inline constexpr uint16_t kFixedDescriptorSlots = 2;
inline constexpr uint16_t kDescriptorSlots = kFixedDescriptorSlots + kLabelledDescriptorsMax;

// A path keeps its slot across reloads, since a counter may never go down. Thread-safe; too slow for every request.
class DescriptorLabels {
 public:
  DescriptorLabels();

  // The slot of "domain.key_value"; kOtherDescriptorSlot once the bound is reached.
  uint16_t slot(std::string_view path);
  // The labels in use, by slot: "override", "other", then the paths.
  std::vector<std::string> names() const;

 private:
  mutable Mutex mutex_;
  std::vector<std::string> names_ RG_GUARDED_BY(mutex_);
  std::unordered_map<std::string, uint16_t> slots_ RG_GUARDED_BY(mutex_);
};

}  // namespace rateguard::rls

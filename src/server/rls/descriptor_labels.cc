#include "server/rls/descriptor_labels.h"

namespace rateguard::rls {

DescriptorLabels::DescriptorLabels() : names_{"override", "other"} {}

uint16_t DescriptorLabels::slot(std::string_view path) {
  const HeldLock lock(mutex_);
  const auto next = static_cast<uint16_t>(names_.size());
  if (next == kDescriptorSlots) {
    const auto found = slots_.find(std::string(path));
    return found == slots_.end() ? kOtherDescriptorSlot : found->second;
  }
  const auto [entry, added] = slots_.emplace(path, next);
  if (added) names_.emplace_back(path);
  return entry->second;
}

std::vector<std::string> DescriptorLabels::names() const {
  const HeldLock lock(mutex_);
  return names_;
}

}  // namespace rateguard::rls

#include "rules/host_index.h"

namespace rateguard::rules {

uint32_t HostIndex::add(const HostPattern& pattern) {
  has_subdomains_ |= pattern.subdomains;
  return names_.find_or_add(scope_of(pattern), pattern.name, static_cast<uint32_t>(size()));
}

std::optional<uint32_t> HostIndex::number_of(const HostPattern& pattern) const {
  return names_.find(scope_of(pattern), pattern.name);
}

}  // namespace rateguard::rules

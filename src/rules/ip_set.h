// A set of IP addresses, given by prefixes.
#pragma once

#include <span>
#include <vector>

#include "model/ip_address.h"

namespace rateguard::rules {

// Immutable after it is made. A search is a binary search over ranges that neither overlap nor touch: at most 17 steps
// for 100,000 prefixes.
class IpSet {
 public:
  IpSet() = default;
  explicit IpSet(std::span<const IpPrefix> prefixes);

  bool empty() const { return ranges_.empty(); }
  bool contains(const IpAddress& address) const;
  // Whether every address of `other` is in this set.
  bool covers(const IpSet& other) const;

 private:
  struct Range {
    IpAddress first;
    IpAddress last;
  };

  std::vector<Range> ranges_;  // ascending
};

}  // namespace rateguard::rules

#include "rules/ip_set.h"

#include <algorithm>
#include <iterator>

namespace rateguard::rules {
namespace {

IpAddress last_of(const IpPrefix& prefix) {
  IpAddress last = prefix.address;
  for (size_t bit = static_cast<size_t>(prefix.bits); bit < 128; ++bit) {
    last.bytes[bit / 8] = static_cast<uint8_t>(last.bytes[bit / 8] | 0x80 >> bit % 8);
  }
  return last;
}

// The next address, or the same if it is the last.
IpAddress after(IpAddress address) {
  const IpAddress before = address;
  for (size_t i = address.bytes.size(); i-- > 0;) {
    if (++address.bytes[i] != 0) return address;
  }
  return before;
}

}  // namespace

IpSet::IpSet(std::span<const IpPrefix> prefixes) {
  std::vector<Range> all;
  all.reserve(prefixes.size());
  for (const IpPrefix& prefix : prefixes) all.push_back({.first = prefix.address, .last = last_of(prefix)});
  std::ranges::sort(all, {}, &Range::first);
  for (const Range& range : all) {
    if (ranges_.empty() || after(ranges_.back().last) < range.first) {
      ranges_.push_back(range);
    } else {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    }
  }
}

bool IpSet::contains(const IpAddress& address) const {
  const auto behind = std::ranges::upper_bound(ranges_, address, {}, &Range::first);
  return behind != ranges_.begin() && address <= std::prev(behind)->last;
}

bool IpSet::covers(const IpSet& other) const {
  return std::ranges::all_of(other.ranges_, [&](const Range& range) {
    const auto behind = std::ranges::upper_bound(ranges_, range.first, {}, &Range::first);
    return behind != ranges_.begin() && range.last <= std::prev(behind)->last;
  });
}

}  // namespace rateguard::rules

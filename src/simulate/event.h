// One recorded request: a few integers.
#pragma once

#include <cstdint>

namespace rateguard::simulate {

// The numbers are a Recording's.
struct Event {
  int64_t time_us = 0;
  uint32_t client = 0;
  uint32_t method = 0;
  uint32_t path = 0;
  uint32_t attributes = 0;  // host, user, key, headers and so on: 0 for none of them
  // In two parts, so that 53 bits fit beside the rest.
  uint32_t cost_low = 1;
  uint32_t cost_high : 31 = 0;
  uint32_t has_fraction : 1 = 0;  // of a log whose times are finer than a second

  uint64_t cost() const { return uint64_t{cost_high} << 32 | cost_low; }
  // REQUIRES: units <= kUnitsMax.
  void set_cost(uint64_t units) {
    cost_low = static_cast<uint32_t>(units);
    cost_high = static_cast<uint32_t>(units >> 32) & 0x7fff'ffff;
  }
};
static_assert(sizeof(Event) == 32);

}  // namespace rateguard::simulate

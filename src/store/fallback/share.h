// One instance's share of a limit that several instances enforce together.
#pragma once

#include <cstdint>

#include "model/limit.h"

namespace rateguard {

// The share of one of `instances` equal ones: the capacity divided and rounded down, but at least 1, so that more
// instances than units admit one unit each; the rate is divided exactly, by a longer period; only if that would exceed
// 366 days is it rounded, down, but to at least 1 unit. Windows keep their period, holds their time. 0 instances are
// read as 1. REQUIRES: `limit` was made by Limit's functions.
Limit share_of(const Limit& limit, uint32_t instances);

}  // namespace rateguard

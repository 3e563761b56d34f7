// What one of several instances may admit of a limit that all of them share.
#pragma once

#include <cstdint>

#include "model/limit.h"

namespace rateguard {

// The share of one of `instances` equal ones: the capacity divided and rounded down, but at least 1, so that more
// instances than units admit one unit each; a rate divided exactly, by a longer period, which only a period of more
// than 366 days rounds: down, but to at least 1 unit. Windows keep their period, holds their time. 0 is read as 1.
// REQUIRES: `limit` was made by Limit's functions.
Limit share_of(const Limit& limit, uint32_t instances);

}  // namespace rateguard

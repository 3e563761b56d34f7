// Brings recorded events into the order of their time.
#pragma once

#include "simulate/huge_pages.h"
#include "simulate/recording.h"

namespace rateguard::simulate {

// Those of one time stay in their order. Quick where they came in order already, as a few ordered files one after the
// other, or near their places, as a busy server's do, which logs each request when it is done.
void sort_by_time(HugePageVector<Event>& events);

}  // namespace rateguard::simulate

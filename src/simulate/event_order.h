// Brings recorded events into the order of their time.
#pragma once

#include "simulate/huge_pages.h"
#include "simulate/recording.h"

namespace rateguard::simulate {

// Events with equal times keep their order. Quick if they are already in order, are a few ordered files one after
// another, or lie near their places, as a busy server's do, which logs each request when it is done.
void sort_by_time(HugePageVector<Event>& events);

}  // namespace rateguard::simulate

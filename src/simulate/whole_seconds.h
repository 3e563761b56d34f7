// For logs with times in whole seconds, like those of web servers: spreads the requests over the second they came in.
#pragma once

#include <cstdint>
#include <span>

#include "simulate/recording.h"

namespace rateguard::simulate {

// Gives the requests of one second that such a log recorded equal distances within it, in their order: the k-th of n
// comes k/n of a second after its beginning. At one instant, a steady 8 a second would be refused by a limit of 10 a
// second with a burst of 5. Events with has_fraction keep their times, and the events of a second are in order of time
// again afterwards. Returns how many requests shared their second with another and were spread. REQUIRES: `events` are
// in order of time; those without has_fraction are at whole seconds.
uint64_t spread_whole_seconds(std::span<Event> events);

}  // namespace rateguard::simulate

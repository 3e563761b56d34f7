// For tests that run an event loop on their own thread.
#pragma once

#include <functional>

#include "net/event_loop.h"

namespace rateguard::net {

// Runs the loop until `holds` returns true; false after a minute, which only a busy machine needs.
inline bool run_until(EventLoop& loop, const std::function<bool()>& holds) {
  bool held = holds();
  int looks = 0;
  const Timer look = loop.every(Duration::millis(1), [&] {
    held = holds();
    if (held || ++looks > 60'000) loop.stop();
  });
  if (!held) loop.run();
  return held;
}

// Runs the loop for `span`.
inline void run_for(EventLoop& loop, Duration span) {
  const Timer end = loop.after(span, [&] { loop.stop(); });
  loop.run();
}

}  // namespace rateguard::net

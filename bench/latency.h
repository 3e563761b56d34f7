// For the load programs: when a request was sent, and how long the answers took.
#pragma once

#include <chrono>
#include <cstdint>

#include "loadgen/histogram.h"

using rateguard::loadgen::LatencyHistogram;

inline int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline double quantile_us(const LatencyHistogram& latencies_ns, double q) {
  return static_cast<double>(latencies_ns.quantile(q)) / 1'000.0;
}

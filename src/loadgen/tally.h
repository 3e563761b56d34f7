// The counts of a run.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "loadgen/histogram.h"

namespace rateguard::loadgen {

struct Tally {
  uint64_t asked = 0;
  uint64_t admitted = 0;
  uint64_t refused = 0;
  // Questions that got no decision, and connections that could not be made, by kind: "HTTP 503", "timeout".
  std::map<std::string, uint64_t> errors = {};
  // The server's text for the first error of each kind, if it had one.
  std::map<std::string, std::string> details = {};
  LatencyHistogram latency = {};   // of decisions, in ns
  LatencyHistogram lateness = {};  // open loop: how long after its due time a question was sent, in ns

  uint64_t decided() const { return admitted + refused; }
  uint64_t failed() const {
    uint64_t sum = 0;
    for (const auto& [kind, count] : errors) sum += count;
    return sum;
  }
  void add(const Tally& other) {
    asked += other.asked;
    admitted += other.admitted;
    refused += other.refused;
    for (const auto& [kind, count] : other.errors) errors[kind] += count;
    details.insert(other.details.begin(), other.details.end());
    latency.add(other.latency);
    lateness.add(other.lateness);
  }
};

}  // namespace rateguard::loadgen

// A whole run.
#pragma once

#include <functional>

#include "loadgen/plan.h"
#include "loadgen/tally.h"

namespace rateguard::loadgen {

struct Outcome {
  Tally tally;
  int64_t elapsed_ns = 0;
  bool interrupted = false;
};

// How it goes, told about four times a second.
struct Progress {
  int64_t elapsed_ns = 0;
  const Tally* total = nullptr;    // from the start
  const Tally* earlier = nullptr;  // as told the last time
  int64_t earlier_ns = 0;          // then
};

// Runs the plan on threads of its own, waiting for them here; SIGINT and SIGTERM end it early, with what was counted.
// Errors: kInvalid as of check_plan; kUnavailable where the target cannot be connected to; kIo where the system has no
// descriptors left.
Result<Outcome> run(const Plan& plan, const std::function<void(const Progress&)>& progress);

}  // namespace rateguard::loadgen

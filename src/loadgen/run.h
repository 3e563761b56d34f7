// A whole run.
#pragma once

#include <functional>

#include "loadgen/plan.h"
#include "loadgen/tally.h"

namespace rateguard::loadgen {

struct RunResult {
  Tally tally;
  int64_t elapsed_ns = 0;
  bool interrupted = false;
};

// The progress of a run, reported about four times a second.
struct Progress {
  int64_t elapsed_ns = 0;
  const Tally* total = nullptr;    // from the start
  const Tally* earlier = nullptr;  // at the last report
  int64_t earlier_ns = 0;          // its time
};

// Runs the plan on its own threads and waits for them; SIGINT and SIGTERM end it early, with the counts so far.
// Errors: kInvalid as check_plan(); kUnavailable if it cannot connect to the target; kIo if the system has no
// descriptors left.
Result<RunResult> run(const Plan& plan, const std::function<void(const Progress&)>& progress);

}  // namespace rateguard::loadgen

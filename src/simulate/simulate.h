// `rateguard simulate`: recorded traffic against rules that are not in force yet.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "simulate/log_reader.h"
#include "simulate/progress.h"
#include "simulate/report.h"
#include "simulate/scenario.h"

namespace rateguard::simulate {

// What a report has besides the figures of each rule; each value includes those before it.
enum class Detail : uint8_t {
  kRules,
  kCallers,  // how many callers there are over all rules, which takes memory for each
  kPlots,    // what the most refused subjects had left over time, which costs another replay
};

struct SimulationOptions {
  std::string rules = {};              // the rules file
  std::string compare = {};            // another one; empty if none
  std::vector<std::string> logs = {};  // "-" is standard input
  ReadOptions read = {};               // wanted_headers is filled in from the rules
  Detail detail = Detail::kRules;
};

// Reads the rules and the logs, replays, and reports. Runs on the calling thread. Errors: of Scenario::load and
// read_logs; kInvalid without a log.
Result<Report> run(const SimulationOptions& options, const ProgressCallback& progress);

// The second half of run(): `recording` is sorted here. `compared` may be null.
Report simulate(Recording& recording, const Scenario& rules, const Scenario* compared, Detail detail,
                const ProgressCallback& progress);

}  // namespace rateguard::simulate

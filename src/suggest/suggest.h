// `rateguard suggest`: limits for recorded traffic, and whom they would refuse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "simulate/log_reader.h"
#include "simulate/progress.h"
#include "simulate/report.h"
#include "suggest/proposal.h"

namespace rateguard::suggest {

struct SuggestionOptions {
  std::vector<std::string> logs = {};  // "-" is standard input
  simulate::ReadOptions read = {};
  Headroom headroom = {};
};

struct Suggestion {
  simulate::ReadSummary input = {};
  uint64_t requests = 0;
  std::optional<Instant> first = {};
  std::optional<Instant> last = {};
  uint64_t callers = 0;  // addresses
  std::vector<ProposedRule> rules = {};
  std::string yaml = {};
  // What one should know before believing it. Safe to print.
  std::vector<std::string> remarks = {};
  // The proposal simulated on the requests of callers that could be refused; all others are admitted. In the order of
  // `rules`. None if the logs cannot be read a second time.
  std::optional<std::vector<simulate::RuleReport>> verdicts = {};
  uint64_t refused = 0;                                // requests, by any rule
  std::unique_ptr<const TrafficProfile> profile = {};  // which `rules` refer to
};

// Reads the logs once to measure and, files only, once more to simulate. Runs on the calling thread. Errors: of
// read_logs; kInvalid without a log.
Result<Suggestion> run(const SuggestionOptions& options, const simulate::ProgressCallback& progress);

// For people and for programs.
std::string table_text(const Suggestion& suggestion);
std::string to_json(const Suggestion& suggestion);

}  // namespace rateguard::suggest

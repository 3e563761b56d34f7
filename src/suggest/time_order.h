// Logs that were not read in the order of time, such as those of several servers: they are sorted, as `simulate` does.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/instant.h"
#include "simulate/log_reader.h"
#include "simulate/progress.h"
#include "suggest/traffic_profile.h"

namespace rateguard::suggest {

// From when to when each log goes.
class LogSpans {
 public:
  void add(Instant time);
  // What is added from here on belongs to another log.
  void end_log();
  // Whether two logs cover the same minute or more. Rotated logs of one server share some seconds at most.
  bool overlap() const;

 private:
  struct Span {
    Instant first;
    Instant last;
  };
  std::vector<Span> ended_;
  std::optional<Span> open_;
};

// Whether requests came so far out of order that the peaks of `profile` are wrong. Servers that log a request when it
// ends, with the time when it began, write a few lines across a minute's end, which change little.
bool is_out_of_order(const TrafficProfile& profile, const LogSpans& spans);

// Reads the logs into memory, 32 bytes a request, and measures the requests in the order of their time. Errors: of
// read_logs.
Result<std::unique_ptr<TrafficProfile>> measure_by_time(std::span<const std::string> logs, simulate::ReadOptions read,
                                                        const simulate::ProgressCallback& progress);

}  // namespace rateguard::suggest

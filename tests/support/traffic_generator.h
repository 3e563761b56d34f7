// Traffic like the recorded traces that the tests know, for machines that do not have them: the same seed makes the
// same bytes everywhere.
//
// The traces: "apache_access.log" (requests of a public web server, combined log format: a few clients ask a lot, many
// a little, within bursts; times out of order within an hour) and "llm_code_trace.csv" (calls of an LLM service:
// TIMESTAMP, ContextTokens, GeneratedTokens; quiet stretches between bursts).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rateguard::test {

struct TrafficOptions {
  uint64_t seed = 1;
  size_t requests = 10'000;
  size_t clients = 1'750;  // distinct addresses, one in sixteen of them IPv6
  size_t paths = 1'500;
};

// A log of a web server in the combined format.
std::string generate_access_log(const TrafficOptions& options);

// A CSV file of LLM calls; only `seed` and `requests` count.
std::string generate_llm_trace(const TrafficOptions& options);

// A trace for a test: where it came from, and its bytes.
struct Trace {
  std::string origin;  // a file's path, or "generated traffic (seed 1)"
  std::string bytes;
};

// The recorded trace of that file name from the directory RATEGUARD_TEST_DATA, by default ../shared/data beside the
// source tree; where it is missing, generated traffic of the same kind. Says on standard output which of them it is.
Trace find_trace(const std::string& file_name);

}  // namespace rateguard::test

// The two traces read once more, in the plainest way, so that a reader's mistake shows as a difference.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rateguard::test {

struct PlainRequest {
  int64_t time_us = 0;
  std::string client;
  std::string method;
  std::string path;  // without the query
  uint32_t cost = 1;
};

// Both give the requests in stable order of time, those that share a second of the access log spread over it, and end
// the test program on a line that they cannot read.
std::vector<PlainRequest> read_access_log(const std::string& bytes);
std::vector<PlainRequest> read_llm_trace(const std::string& bytes);

}  // namespace rateguard::test

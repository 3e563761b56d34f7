#include "simulate/plain_logs.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <sstream>

namespace rateguard::test {
namespace {

[[noreturn]] void give_up(const std::string& line) {
  std::fprintf(stderr, "the plain reader cannot read: %s\n", line.c_str());
  std::abort();
}

std::vector<PlainRequest> in_order(std::vector<PlainRequest> requests) {
  std::ranges::stable_sort(requests, {}, &PlainRequest::time_us);
  return requests;
}

// The log knows whole seconds: the k-th of n requests of one second comes k/n of a second after its beginning.
std::vector<PlainRequest> spread(std::vector<PlainRequest> requests) {
  std::map<int64_t, int64_t> count;
  for (const PlainRequest& request : requests) ++count[request.time_us];
  std::map<int64_t, int64_t> seen;
  for (PlainRequest& request : requests) {
    const int64_t second_us = request.time_us;
    request.time_us = second_us + seen[second_us]++ * 1'000'000 / count[second_us];
  }
  return requests;
}

}  // namespace

std::vector<PlainRequest> read_access_log(const std::string& bytes) {
  std::vector<PlainRequest> out;
  std::istringstream lines(bytes);
  for (std::string line; std::getline(lines, line);) {
    std::tm time = {};
    const size_t bracket = line.find('[');
    const size_t quote = line.find('"');
    const size_t end = line.find("\" ", quote + 1);
    if (end == std::string::npos || strptime(line.c_str() + bracket, "[%d/%b/%Y:%H:%M:%S +0000]", &time) == nullptr)
      give_up(line);
    std::istringstream request(line.substr(quote + 1, end - quote - 1));
    PlainRequest plain{
        .time_us = timegm(&time) * 1'000'000, .client = line.substr(0, line.find(' ')), .method = {}, .path = {}};
    request >> plain.method >> plain.path;
    plain.path = plain.path.substr(0, plain.path.find('?'));
    out.push_back(plain);
  }
  return spread(in_order(std::move(out)));
}

std::vector<PlainRequest> read_llm_trace(const std::string& bytes) {
  std::vector<PlainRequest> out;
  std::istringstream lines(bytes);
  std::string line;
  std::getline(lines, line);  // the header
  while (std::getline(lines, line)) {
    std::tm time = {};
    const char* rest = strptime(line.c_str(), "%Y-%m-%d %H:%M:%S", &time);
    int micros = 0;
    unsigned context = 0;
    unsigned generated = 0;
    if (rest == nullptr || std::sscanf(rest, ".%6d%*1d,%u,%u", &micros, &context, &generated) != 3) give_up(line);
    out.push_back({.time_us = timegm(&time) * 1'000'000 + micros,
                   .client = {},
                   .method = {},
                   .path = {},
                   .cost = context + generated});
  }
  return in_order(std::move(out));
}

}  // namespace rateguard::test

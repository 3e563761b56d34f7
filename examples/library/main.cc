// would_refuse LIMIT: which of these requests would a limit have refused?
//
// Reads one request per line from standard input, as seconds since 1970 and the key it counts by, and prints the
// refused ones with how long each would have had to wait. A limit is written as in a rules file:
//
//   printf '1700000000 alice\n1700000001 alice\n' | would_refuse '1/m'
//
// The time comes from the input, not from a clock: a day of traffic is decided in a moment, and the answer is the one
// that a limiter in production would have given on that day. Leave `now` out and the same calls limit the present.
#include <rateguard/limiter.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

namespace rg = rateguard::api;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: would_refuse LIMIT, such as '5/m' or '100/10s burst 20'\n";
    return 2;
  }

  // Somebody else's input: look before taking the value. The error says what was expected.
  const rg::Result<rg::Limit> limit = rg::Limit::parse(argv[1]);
  if (!limit.ok()) {
    std::cerr << "would_refuse: " << limit.error().message << '\n';
    return 2;
  }

  // Our own figures: value() ends the program with a message if they were wrong.
  rg::Limiter limiter = rg::Limiter::create({.max_keys = 100'000}).value();

  uint64_t requests = 0;
  uint64_t refused = 0;
  int64_t seconds = 0;
  std::string key;
  while (std::cin >> seconds >> key) {
    const rg::TimePoint now{std::chrono::seconds(seconds)};
    const rg::Result<rg::Decision> decision = limiter.check(key, *limit, 1, now);
    if (!decision.ok()) {
      std::cerr << "would_refuse: " << decision.error().message << '\n';
      return 1;
    }
    ++requests;
    if (decision->allowed) continue;
    // A refusal is an answer like any other. It took nothing from the limit.
    ++refused;
    std::cout << seconds << ' ' << key << " refused, admitted after "
              << std::chrono::duration_cast<std::chrono::milliseconds>(decision->retry_after).count() << " ms\n";
  }
  std::cout << refused << " of " << requests << " refused, " << limiter.stats().keys << " keys\n";
  return 0;
}

// Ids for requests without one: 128 bits as 32 hexadecimal digits, without a system call for each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rateguard::http_api {

// Used on one thread. Ids of two generators, or of two processes, collide as rarely as random ones; they are not
// secret.
class RequestIdGenerator {
 public:
  RequestIdGenerator();  // seeded by the operating system

  // Valid until the next call.
  std::string_view next();

 private:
  uint64_t prefix_;   // random, this generator's
  uint64_t counter_;  // random at first
  std::array<char, 32> text_ = {};
};

}  // namespace rateguard::http_api

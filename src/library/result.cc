#include <rateguard/result.h>

#include <cstdio>
#include <cstdlib>

namespace rateguard::api::detail {

void value_of_error(const Error& error) {
  std::fprintf(stderr, "rateguard: value() of a Result that holds an error: %s\n", error.message.c_str());
  std::abort();
}

}  // namespace rateguard::api::detail

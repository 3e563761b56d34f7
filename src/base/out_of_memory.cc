#include "base/out_of_memory.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>

namespace rateguard {
namespace {

std::terminate_handler before = nullptr;

// No memory may be asked for here.
[[noreturn]] void end() {
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    constexpr std::string_view kMessage = "rateguard: out of memory; the process ends\n";
    (void)!::write(STDERR_FILENO, kMessage.data(), kMessage.size());
    std::abort();
  } catch (...) {  // the handler before reports it
  }
  if (before != nullptr) before();
  std::abort();
}

}  // namespace

void report_lack_of_memory() {
  before = std::set_terminate(end);
}

}  // namespace rateguard

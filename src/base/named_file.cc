#include "base/named_file.h"

#include <sys/stat.h>

namespace rateguard {
namespace {

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "this is a folder";
  if (S_ISFIFO(mode)) return "this is a named pipe, which waits until something is written into it";
  if (S_ISSOCK(mode)) return "this is a socket";
  return "this is a device";
}

}  // namespace

Result<void> check_named_file(const std::string& path) {
  if (path.starts_with("/dev/") || path.starts_with("/proc/")) return {};
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode)) return {};
  return fail(ErrorCode::kIo, std::string(kind_of(found.st_mode)) +
                                  (S_ISFIFO(found.st_mode) ? "; expected a regular file, or <(command) of a shell"
                                                           : "; expected a regular file"));
}

}  // namespace rateguard

#include "simulate/output_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace rateguard::simulate {
namespace {

std::unexpected<Error> io_error(const std::string& path, std::string_view what) {
  return std::unexpected(Error{.code = ErrorCode::kIo,
                               .message = fmt::format("cannot {}: {}", what, strerror(errno)),
                               .position = {.file = path}});
}

bool write_all(std::FILE* file, std::string_view content) {
  return std::fwrite(content.data(), 1, content.size(), file) == content.size() && std::fflush(file) == 0;
}

Result<void> write_in_place(const std::string& path, std::string_view content) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return io_error(path, "open");
  const bool written = write_all(file, content);
  if (std::fclose(file) != 0 || !written) return io_error(path, "write");
  return {};
}

}  // namespace

std::string aside_of(const std::string& path) {
  return path + ".tmp";
}

Result<void> try_output_file(const std::string& path) {
  if (path == "-") return {};
  struct stat info = {};
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return fail(ErrorCode::kIo, path + ": is a directory, not a file to write to");
    if (!S_ISREG(info.st_mode)) return access(path.c_str(), W_OK) == 0 ? Result<void>() : io_error(path, "open");
  }
  const std::string aside = aside_of(path);
  auto written = write_in_place(aside, "");
  if (written) unlink(aside.c_str());
  return written;
}

Result<void> write_output_file(const std::string& path, std::string_view content) {
  if (path == "-") {
    if (!write_all(stdout, content)) return io_error("standard output", "write");
    return {};
  }
  struct stat info = {};
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) return write_in_place(path, content);
  const std::string aside = aside_of(path);
  if (auto written = write_in_place(aside, content); !written) {
    const int reason = errno;
    unlink(aside.c_str());
    errno = reason;
    return written;
  }
  if (std::rename(aside.c_str(), path.c_str()) != 0) {
    auto error = io_error(path, "write");
    unlink(aside.c_str());
    return error;
  }
  return {};
}

}  // namespace rateguard::simulate

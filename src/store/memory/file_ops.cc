#include "store/memory/file_ops.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace rateguard::memory {
namespace {

std::unexpected<Error> io_error(std::string_view what, std::string_view path) {
  return fail(ErrorCode::kIo, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

Result<int> create_file(const std::string& path) {
  // Removes the remains of an interrupted attempt first; O_EXCL then follows no link that was placed there.
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return io_error("replace", path);
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return io_error("create", path);
  return file;
}

Result<void> write_file(int file, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("write", "the snapshot");
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Result<void> sync_file(int file) {
  if (fsync(file) != 0) return io_error("sync", "the snapshot");
  return {};
}

Result<void> close_file(int file) {
  if (::close(file) != 0) return io_error("close", "the snapshot");
  return {};
}

Result<void> rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return io_error("rename", fmt::format("{} to {}", from, to));
  return {};
}

Result<void> sync_directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int file = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return io_error("open", directory);
  const int synced = fsync(file);
  const int reason = errno;
  ::close(file);
  errno = reason;
  if (synced != 0) return io_error("sync", directory);
  return {};
}

Result<void> remove_file(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return io_error("remove", path);
  return {};
}

}  // namespace

const FileOps& FileOps::posix() {
  static const FileOps ops = {.create = create_file,
                              .write = write_file,
                              .sync = sync_file,
                              .close = close_file,
                              .rename = rename_file,
                              .sync_directory = sync_directory_of,
                              .remove = remove_file};
  return ops;
}

Result<ReadFile> ReadFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
    return fail(code, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  struct stat status = {};
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(file);
    return fail(ErrorCode::kIo, fmt::format("{} is not a file that can be read", path));
  }
  return ReadFile(file, static_cast<uint64_t>(status.st_size));
}

ReadFile::ReadFile(ReadFile&& other) noexcept : file_(std::exchange(other.file_, -1)), size_(other.size_) {}

ReadFile::~ReadFile() {
  if (file_ >= 0) ::close(file_);
}

Result<size_t> ReadFile::read(uint64_t offset, std::span<char> into) const {
  size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = pread(file_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("read", "the snapshot");
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

}  // namespace rateguard::memory

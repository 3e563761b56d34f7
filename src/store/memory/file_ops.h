// The few file system operations that a snapshot needs, each replaceable, so that tests can make the Nth of them fail.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/result.h"

namespace rateguard::memory {

// All of them fail with kIo, with the path and the system's reason.
struct FileOps {
  // A new, empty file for writing that only the owner may read (mode 0600), replacing an existing one.
  std::function<Result<int>(const std::string& path)> create;
  std::function<Result<void>(int file, std::span<const char> bytes)> write;  // writes all of them
  // Waits until the file's bytes are on the medium.
  std::function<Result<void>(int file)> sync;
  std::function<Result<void>(int file)> close;
  std::function<Result<void>(const std::string& from, const std::string& to)> rename;
  // Waits until the names in the directory of `path` are on the medium.
  std::function<Result<void>(const std::string& path)> sync_directory;
  std::function<Result<void>(const std::string& path)> remove;

  // The operating system's own.
  static const FileOps& posix();
};

// A file opened for reading.
class ReadFile {
 public:
  // Errors: kNotFound, kIo.
  static Result<ReadFile> open(const std::string& path);
  ReadFile(ReadFile&& other) noexcept;
  ReadFile& operator=(ReadFile&&) = delete;
  ~ReadFile();

  uint64_t size() const { return size_; }  // when it was opened
  // Fills `into` from `offset` on, or as much as there is; returns how much. Errors: kIo.
  Result<size_t> read(uint64_t offset, std::span<char> into) const;

 private:
  ReadFile(int file, uint64_t size) : file_(file), size_(size) {}

  int file_;
  uint64_t size_;
};

}  // namespace rateguard::memory

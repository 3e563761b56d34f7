// The bytes of a log: a file or standard input, plain or gzip (RFC 1952), told apart by the first two bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace rateguard::simulate {

class ByteSource {
 public:
  // "-" is standard input. Errors: kNotFound, kIo with the system's reason.
  static Result<ByteSource> open(const std::string& path);
  ByteSource(ByteSource&&) noexcept;
  ByteSource& operator=(ByteSource&&) noexcept;
  ~ByteSource();

  // Up to `size` bytes into `out`; 0 at the end. Errors: kIo; kCorrupt where a gzip stream is damaged or cut short.
  Result<size_t> read(char* out, size_t size);

  // Bytes taken from the file so far, compressed as they are, and the file's size (0: unknown, as for a pipe).
  uint64_t bytes_taken() const;
  uint64_t bytes_total() const;

 private:
  struct State;
  explicit ByteSource(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace rateguard::simulate

// The bytes of a log: a file or standard input, plain, gzip or zstd, distinguished by the first bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard::simulate {

class ByteSource {
 public:
  // "-" is standard input. Errors: kNotFound, kIo with the system's reason.
  static Result<ByteSource> open(const std::string& path);
  // A part of a plain file, from one byte to before another, or to the end of the file if that is nearer. Errors: as
  // above.
  struct Part {
    uint64_t begin = 0;
    uint64_t end = UINT64_MAX;
  };
  static Result<ByteSource> open_part(const std::string& path, Part part);
  ByteSource(ByteSource&&) noexcept;
  ByteSource& operator=(ByteSource&&) noexcept;
  ~ByteSource();

  // Up to `size` bytes into `out`; 0 at the end. Errors: kIo; kCorrupt if a compressed stream is damaged or truncated;
  // kInvalid if the file is of an unsupported kind, with the command that converts it to text.
  Result<size_t> read(char* out, size_t size);

  // Whether the file is a regular one without compression. Known once something was read from it.
  bool is_plain() const;
  // Bytes taken from the file so far, compressed as they are, and the file's size (0: unknown, as for a pipe).
  uint64_t bytes_taken() const;
  uint64_t bytes_total() const;

 private:
  struct State;
  explicit ByteSource(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// If a file that begins with `bytes` is of a known kind that is not read: what it is and what to do, "xz, which is not
// read: ...". Empty if it may be a log. `path` is for the command that the message names.
std::string unreadable_kind(std::string_view bytes, std::string_view path);

}  // namespace rateguard::simulate

// Decompresses a stream: gzip (RFC 1952) and Zstandard (RFC 8878), several members or frames in a row
// included.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace rateguard::simulate {

class Decompressor {
 public:
  virtual ~Decompressor() = default;

  // Takes bytes from the front of `in`, writes up to `size` bytes to `out` and returns how many. Zero: it needs more
  // input. Errors, in words: the stream is damaged.
  virtual std::expected<size_t, std::string> decompress(std::string_view& in, char* out, size_t size) = 0;
  // Whether the input may end here: between two members, or frames.
  virtual bool may_end() const = 0;
};

// Null if there is not enough memory.
std::unique_ptr<Decompressor> make_gzip_decompressor();
std::unique_ptr<Decompressor> make_zstd_decompressor();

}  // namespace rateguard::simulate

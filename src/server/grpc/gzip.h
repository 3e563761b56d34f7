// gzip in memory (RFC 1952), bounded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rateguard::grpc {

// Keeps zlib's states from one use to the next. One per event loop.
class Gzip {
 public:
  enum class Outcome : uint8_t { kDone, kTooLarge, kDamaged };

  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // Replaces `into`. Stops where it would grow beyond `bytes_max`.
  Outcome expand(std::string_view compressed, size_t bytes_max, std::string& into);
  // Appends to `into`; false: out of memory.
  bool compress(std::string_view plain, std::string& into);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rateguard::grpc

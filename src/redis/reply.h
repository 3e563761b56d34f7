// What a server answers, as a tree of values, and the reader that makes it from bytes (RESP2; the parsing is
// hiredis's).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct redisReader;

namespace rateguard::redis {

enum class ReplyKind : uint8_t { kNil, kInteger, kStatus, kString, kError, kArray };

struct Reply {
  ReplyKind kind = ReplyKind::kNil;
  int64_t integer = 0;               // kInteger
  std::string text = {};             // kStatus, kString, kError
  std::vector<Reply> elements = {};  // kArray

  bool is_error() const { return kind == ReplyKind::kError; }
  bool is_array() const { return kind == ReplyKind::kArray; }
  // Whether it is an error with that first word: "NOSCRIPT", "MOVED".
  bool is_error(std::string_view word) const {
    return is_error() && text.starts_with(word) && (text.size() == word.size() || text[word.size()] == ' ');
  }
  bool operator==(const Reply&) const = default;
};

// Replies out of a stream of bytes, however it is split. Not thread-safe.
class ReplyReader {
 public:
  // A larger reply is an error. A reply takes up to 20 times its size in memory, if it is all tiny integers.
  explicit ReplyReader(size_t reply_bytes_max);
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // Adds the next bytes. REQUIRES: every complete reply has been taken since the last call.
  void feed(std::string_view bytes);
  // The next complete reply, which belongs to the reader and is valid until the next call; nullptr if more bytes are
  // needed. Errors: kCorrupt if the bytes are not a reply or the reply is too large; the rest of the stream is then
  // unusable.
  Result<const Reply*> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };

  std::unique_ptr<redisReader, Free> reader_;
  std::unique_ptr<Reply> root_;  // hiredis's functions write into it; its memory is used again
  size_t reply_bytes_max_;
  size_t unfinished_bytes_ = 0;  // of the reply that is not complete yet
};

}  // namespace rateguard::redis

// Cuts bytes into lines without copying or allocating per line, and bounds how long a line may be.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace rateguard::simulate {

// The longest line that is read; longer ones are skipped and counted as malformed.
inline constexpr size_t kLineBytesMax = 1024 * 1024;

struct LogLine {
  std::string_view text = {};  // without its line break ("\n" or "\r\n"); lives until the next call of next()
  uint64_t number = 0;         // of its first line, counted from 1
  bool too_long = false;       // `text` is then empty
};

// Whether a line has nothing but spaces and tabs in it.
inline bool is_blank(std::string_view text) {
  return (text.empty() || text.front() == ' ' || text.front() == '\t') &&
         text.find_first_not_of(" \t") == std::string_view::npos;
}

class LineReader {
 public:
  // Fills a buffer with up to `size` bytes and returns how many; 0 at the end.
  using Fill = std::function<Result<size_t>(char* out, size_t size)>;

  explicit LineReader(Fill fill);

  // The beginning of the input, as far as the buffer holds it, without consuming it. A byte order mark is skipped, and
  // so are NUL bytes: a log that was truncated while its writer continued begins with a hole of them (logrotate's
  // copytruncate). Call before the first next().
  std::string_view head();
  // The next line, without the NUL bytes before it; false at the end. A last line without a line break is a line.
  // Errors: those of Fill, after the last line read before.
  Result<bool> next(LogLine& line);
  // Grows the line last given by the one after it, the line break between them included: a quoted CSV field may hold
  // one. False, and nothing changes, at the end of the input or where it would grow beyond kLineBytesMax.
  bool extend(LogLine& line);
  // How many lines were read so far.
  uint64_t lines() const { return number_; }
  // Undoes all extensions of the last line, so that next() continues after its first line.
  void retract(LogLine& line);

 private:
  // The end of the line that begins at `from`: the index of its "\n", or of the end of the input.
  size_t find_end(size_t from);
  // Reads up to this many more bytes, as far as there is room and input.
  void refill(size_t wanted);
  // Moves begin_ and next_ beyond the NUL bytes that the next line begins with, however many they are.
  void skip_nuls();
  void skip_long_line();
  void set_line(LogLine& line);

  Fill fill_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;         // where the line last given begins; what is before may be dropped
  size_t next_ = 0;          // where the next line begins
  size_t end_ = 0;           // of what the buffer holds
  size_t first_length_ = 0;  // of the line last given before it was extended, its line break included
  uint64_t number_ = 0;
  uint64_t first_number_ = 0;
  bool at_end_ = false;
  std::optional<Error> error_;  // what ended the input, to be told after the lines before it
};

}  // namespace rateguard::simulate

#include "simulate/logs/line_reader.h"

#include <algorithm>
#include <cstring>

namespace rateguard::simulate {
namespace {

// Room for the longest line and as much again, so that moving what is left over to the front costs less than reading
// it.
constexpr size_t kBufferBytes = 2 * kLineBytesMax;
// Read at once, after the first: what a read brings is then still in the second-level cache when it is searched.
constexpr size_t kReadBytes = 256 * 1024;
constexpr size_t kNotFound = SIZE_MAX;

}  // namespace

LineReader::LineReader(Fill fill)
    : fill_(std::move(fill)), buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes)) {}

std::string_view LineReader::head() {
  refill(kBufferBytes);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (std::string_view(buffer_.get(), end_).starts_with(kByteOrderMark)) begin_ = next_ = kByteOrderMark.size();
  skip_nuls();
  return std::string_view(buffer_.get() + begin_, end_ - begin_);
}

void LineReader::skip_nuls() {
  for (;;) {
    while (next_ < end_ && buffer_[next_] == '\0') ++next_;
    begin_ = next_;
    if (next_ < end_ || at_end_) return;
    refill(kReadBytes);
  }
}

void LineReader::refill(size_t wanted) {
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    next_ -= begin_;
    begin_ = 0;
  }
  // All that is wanted, so that the copy above is rare even where a pipe gives a little at a time.
  const size_t full = std::min(end_ + wanted, kBufferBytes);
  while (!at_end_ && end_ < full) {
    const auto got = fill_(buffer_.get() + end_, full - end_);
    if (!got) error_ = got.error();
    at_end_ = !got || *got == 0;
    end_ += got.value_or(0);
  }
}

// The end of the line that goes on at `from`: the index of its "\n", or of the end of the input; kNotFound where the
// buffer is full and holds none. May move the buffer's content, begin_ and next_ with it.
size_t LineReader::find_end(size_t from) {
  size_t searched = from;
  for (;;) {
    if (const void* found = std::memchr(buffer_.get() + searched, '\n', end_ - searched)) {
      return static_cast<size_t>(static_cast<const char*>(found) - buffer_.get());
    }
    if (at_end_) return end_;
    if (end_ - begin_ == kBufferBytes) return kNotFound;
    searched = end_ - begin_;
    refill(kReadBytes);
  }
}

void LineReader::set_line(LogLine& line) {
  // next_ is one past the line break, or at the end of an input that lacks one.
  size_t end = next_;
  if (end > begin_ && buffer_[end - 1] == '\n') --end;
  if (end > begin_ && buffer_[end - 1] == '\r') --end;
  line.text = std::string_view(buffer_.get() + begin_, end - begin_);
}

Result<bool> LineReader::next(LogLine& line) {
  begin_ = next_;
  if (next_ == end_ || buffer_[next_] == '\0') skip_nuls();
  const size_t end = find_end(begin_);
  if (begin_ == end_) {
    if (error_) return std::unexpected(*error_);
    return false;
  }
  line = {.number = ++number_};
  if (end == kNotFound || end - begin_ > kLineBytesMax) {
    line.too_long = true;
    next_ = end;
    skip_long_line();
  } else {
    next_ = end < end_ ? end + 1 : end_;
    set_line(line);
  }
  first_length_ = next_ - begin_;
  first_number_ = number_;
  return true;
}

void LineReader::skip_long_line() {
  while (next_ == kNotFound) {
    begin_ = next_ = end_;  // drop all that was read
    next_ = find_end(begin_);
  }
  if (next_ < end_) ++next_;
  begin_ = next_;
}

bool LineReader::extend(LogLine& line) {
  if (next_ == end_ && at_end_) return false;
  const size_t length = next_ - begin_;
  const size_t end = find_end(next_);
  if (end == kNotFound || end - begin_ > kLineBytesMax) {
    next_ = begin_ + length;
    return false;
  }
  next_ = end < end_ ? end + 1 : end_;
  ++number_;
  set_line(line);
  return true;
}

void LineReader::retract(LogLine& line) {
  next_ = begin_ + first_length_;
  number_ = first_number_;
  set_line(line);
}

}  // namespace rateguard::simulate

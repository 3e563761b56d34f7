#include "loadgen/resp_reply.h"

#include <charconv>

namespace rateguard::loadgen {
namespace {

constexpr size_t kLineBytesMax = 64 * 1024;
constexpr int64_t kBulkBytesMax = 64 * 1024 * 1024;
constexpr int64_t kElementsMax = 1'000'000;

bool read_number(std::string_view text, int64_t& out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::optional<RespReply> read() {
    // No recursion: counts the elements that are still missing, at any depth.
    int64_t left = 1;
    for (bool first = true; left > 0; first = false) {
      --left;
      const Step step = element(first, left);
      if (step == Step::kMalformed || left > kElementsMax) return std::nullopt;
      if (step == Step::kMore) return RespReply{};
    }
    reply_.size = at_;
    return reply_;
  }

 private:
  enum class Step : uint8_t { kDone, kMore, kMalformed };

  Step element(bool first, int64_t& left) {
    const size_t line_end = bytes_.find("\r\n", at_);
    if (line_end == std::string_view::npos) {
      return bytes_.size() - at_ > kLineBytesMax ? Step::kMalformed : Step::kMore;
    }
    const char type = line_end == at_ ? '\0' : bytes_[at_];
    const std::string_view line = type == '\0' ? "" : bytes_.substr(at_ + 1, line_end - at_ - 1);
    at_ = line_end + 2;
    switch (type) {
      case '+':
      case ',':
      case '(':
      case '_':
        return Step::kDone;
      case '-':
        if (first) note_error(line);
        return Step::kDone;
      case ':':
        return number(line);
      case '#':
        if (line != "t" && line != "f") return Step::kMalformed;
        if (!reply_.first_number) reply_.first_number = line == "t" ? 1 : 0;
        return Step::kDone;
      case '$':
      case '=':
      case '!':
        return bulk(line, first && type == '!');
      case '*':
      case '~':
      case '>':
      case '%':
      case '|':
        reply_.is_push = reply_.is_push || (first && type == '>');
        return aggregate(line, type, left);
      default:
        return Step::kMalformed;
    }
  }

  void note_error(std::string_view text) {
    reply_.is_error = true;
    reply_.error = text;
  }

  Step number(std::string_view line) {
    int64_t value = 0;
    if (!read_number(line, value)) return Step::kMalformed;
    if (!reply_.first_number) reply_.first_number = value;
    return Step::kDone;
  }

  Step bulk(std::string_view line, bool error) {
    int64_t size = 0;
    if (!read_number(line, size) || size < -1 || size > kBulkBytesMax) return Step::kMalformed;
    if (size < 0) return Step::kDone;
    const auto bytes = static_cast<size_t>(size);
    if (bytes_.size() - at_ < bytes + 2) return Step::kMore;
    if (bytes_.substr(at_ + bytes, 2) != "\r\n") return Step::kMalformed;
    if (error) note_error(bytes_.substr(at_, bytes));
    at_ += bytes + 2;
    return Step::kDone;
  }

  static Step aggregate(std::string_view line, char type, int64_t& left) {
    int64_t count = 0;
    if (!read_number(line, count) || count < -1 || count > kElementsMax) return Step::kMalformed;
    if (count < 0) return Step::kDone;
    left += type == '%' ? 2 * count : count;
    if (type == '|') left += count + 1;  // attributes are pairs, and come before their element
    return Step::kDone;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  RespReply reply_;
};

}  // namespace

std::optional<RespReply> read_reply(std::string_view bytes) {
  return Reader(bytes).read();
}

}  // namespace rateguard::loadgen

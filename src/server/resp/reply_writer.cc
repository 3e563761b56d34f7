#include "server/resp/reply_writer.h"

#include <charconv>
#include <string>

namespace rateguard::resp {

void ReplyWriter::head(char type, int64_t number) {
  constexpr size_t kLongest = 24;  // the type, "-9223372036854775808", CR LF
  const std::span<char> room = out_.room(kLongest);
  room[0] = type;
  char* const end = std::to_chars(room.data() + 1, room.data() + kLongest, number).ptr;
  end[0] = '\r';
  end[1] = '\n';
  out_.commit(static_cast<size_t>(end + 2 - room.data()));
}

void ReplyWriter::simple(std::string_view text) {
  out_.append('+');
  out_.append(text);
  out_.append("\r\n");
}

void ReplyWriter::error(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\r' || c == '\n') c = ' ';
    if (c < ' ' || c > '~') c = '?';
  }
  out_.append('-');
  out_.append(line);
  out_.append("\r\n");
}

void ReplyWriter::integer(int64_t value) {
  head(':', value);
}

void ReplyWriter::integers(std::initializer_list<int64_t> values) {
  array(values.size());
  for (const int64_t value : values) integer(value);
}

void ReplyWriter::bulk(std::string_view text) {
  head('$', static_cast<int64_t>(text.size()));
  out_.append(text);
  out_.append("\r\n");
}

void ReplyWriter::text(std::string_view text) {
  if (protocol_ == RespVersion::kResp2) return bulk(text);
  constexpr std::string_view kPlain = "txt:";
  head('=', static_cast<int64_t>(kPlain.size() + text.size()));
  out_.append(kPlain);
  out_.append(text);
  out_.append("\r\n");
}

void ReplyWriter::null() {
  out_.append(protocol_ == RespVersion::kResp2 ? "$-1\r\n" : "_\r\n");
}

void ReplyWriter::null_array() {
  out_.append(protocol_ == RespVersion::kResp2 ? "*-1\r\n" : "_\r\n");
}

void ReplyWriter::boolean(bool value) {
  if (protocol_ == RespVersion::kResp2) return integer(value ? 1 : 0);
  out_.append(value ? "#t\r\n" : "#f\r\n");
}

void ReplyWriter::map(size_t pairs) {
  if (protocol_ == RespVersion::kResp2) return array(2 * pairs);
  head('%', static_cast<int64_t>(pairs));
}

void ReplyWriter::set(size_t count) {
  if (protocol_ == RespVersion::kResp2) return array(count);
  head('~', static_cast<int64_t>(count));
}

}  // namespace rateguard::resp

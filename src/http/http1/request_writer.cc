#include "http/http1/request_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "http/chars.h"

namespace rateguard::http {
namespace {

void append_field(net::ByteBuffer& out, std::string_view name, std::string_view value) {
  RG_DCHECK(!name.empty() && all_chars(name, kTokenChar));
  const size_t size = name.size() + value.size() + 4;
  char* at = out.room(size).data();
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  *at++ = ':';
  *at++ = ' ';
  for (const char c : value) *at++ = is_char(c, kLineChar) ? c : ' ';
  *at++ = '\r';
  *at++ = '\n';
  out.commit(size);
}

// RFC 9110, section 8.6.
bool expects_content(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

void Http1RequestWriter::head(net::ByteBuffer& out, const RequestLine& line, std::span<const Header> fields,
                              RequestContent content) {
  RG_DCHECK(all_chars(line.method, kTokenChar) && all_chars(line.target, kTargetChar));
  out.append(line.method);
  out.append(' ');
  out.append(line.target);
  out.append(" HTTP/1.1\r\n");
  append_field(out, "Host", line.authority);
  framing_ = content == RequestContent::kNone ? Framing::kNone : Framing::kChunks;
  length_left_ = 0;
  for (const Header& field : fields) {
    if (equals_lower(field.name, "content-length")) {
      if (framing_ != Framing::kChunks) continue;  // a length without content, or a second length
      framing_ = Framing::kLength;
      std::from_chars(field.value.data(), field.value.data() + field.value.size(), length_left_);
    }
    if (equals_lower(field.name, "te")) continue;  // it is of the connection; trailers are understood without it
    append_field(out, field.name, field.value);
  }
  if (framing_ == Framing::kChunks) out.append("Transfer-Encoding: chunked\r\n");
  if (framing_ == Framing::kNone && expects_content(line.method)) out.append("Content-Length: 0\r\n");
  if (!line.upgrade.empty()) {
    out.append("Connection: Upgrade\r\n");
    append_field(out, "Upgrade", line.upgrade);
  }
  out.append("\r\n");
}

void Http1RequestWriter::content(net::ByteBuffer& out, std::string_view bytes) {
  if (bytes.empty() || framing_ == Framing::kNone) return;
  if (framing_ == Framing::kLength) {
    bytes = bytes.substr(0, static_cast<size_t>(std::min<uint64_t>(bytes.size(), length_left_)));
    length_left_ -= bytes.size();
    return out.append(bytes);
  }
  char size[20];
  const auto end = fmt::format_to(size, "{:x}\r\n", bytes.size());
  out.append({size, static_cast<size_t>(end - size)});
  out.append(bytes);
  out.append("\r\n");
}

void Http1RequestWriter::end(net::ByteBuffer& out, std::span<const Header> trailers) {
  if (framing_ != Framing::kChunks) return;
  out.append("0\r\n");
  for (const Header& field : trailers) append_field(out, field.name, field.value);
  out.append("\r\n");
}

}  // namespace rateguard::http

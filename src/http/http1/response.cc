#include "http/http1/response.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "http/chars.h"
#include "http/reason_phrase.h"

namespace rateguard::http {

void Http1Response::begin(net::ByteBuffer& out, const Options& options) {
  out_ = &out;
  options_ = options;
  stage_ = Stage::kStatus;
  framing_ = Framing::kChunks;
  code_ = 0;
  length_left_ = 0;
}

void Http1Response::status(int code) {
  RG_DCHECK(stage_ == Stage::kStatus);
  RG_DCHECK(code >= 200 && code <= 599);
  code_ = code;
  stage_ = Stage::kFields;
  if (code == 200) return out_->append("HTTP/1.1 200 OK\r\n");
  status_line(code);
}

void Http1Response::status_line(int code) {
  const auto digit = [](int value) { return static_cast<char>('0' + value % 10); };
  const char line[] = {'H',         'T', 'T', 'P', '/', '1', '.', '1', ' ', digit(code / 100), digit(code / 10),
                       digit(code), ' '};
  out_->append({line, sizeof(line)});
  out_->append(reason_phrase(code));
  out_->append("\r\n");
}

void Http1Response::header(std::string_view name, std::string_view value) {
  RG_DCHECK(stage_ == Stage::kFields);
  constexpr std::string_view kLength = "content-length";
  if (name.size() == kLength.size() && equals_lower(name, kLength)) {
    framing_ = Framing::kLength;
    std::from_chars(value.data(), value.data() + value.size(), length_left_);
  }
  field(name, value);
}

void Http1Response::field(std::string_view name, std::string_view value) {
  RG_DCHECK(!name.empty() && all_chars(name, kTokenChar));
  const std::span<char> room = out_->room(name.size() + value.size() + 4);
  char* at = room.data();
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  *at++ = ':';
  *at++ = ' ';
  for (const char c : value) *at++ = is_char(c, kLineChar) ? c : ' ';
  *at++ = '\r';
  *at++ = '\n';
  out_->commit(name.size() + value.size() + 4);
}

void Http1Response::end_head() {
  out_->append(options_.date);
  if (options_.after == AfterResponse::kClose) out_->append("Connection: close\r\n");
  if (options_.after == AfterResponse::kKeepAnnounced) out_->append("Connection: keep-alive\r\n");
  out_->append("\r\n");
}

void Http1Response::body(std::string_view content_type, std::string_view bytes) {
  RG_DCHECK(stage_ == Stage::kFields);
  if (may_have_content()) {
    if (!content_type.empty()) field("Content-Type", content_type);
    const fmt::format_int length(bytes.size());
    out_->append("Content-Length: ");
    out_->append({length.data(), length.size()});
    out_->append("\r\n");
  }
  end_head();
  stage_ = Stage::kDone;
  framing_ = Framing::kNone;
  if (may_have_content() && options_.content == Content::kSent) out_->append(bytes);
}

void Http1Response::begin_content() {
  if (stage_ != Stage::kFields) return;
  if (framing_ != Framing::kLength && may_have_content()) {
    framing_ = options_.version == Version::k10 ? Framing::kUntilClose : Framing::kChunks;
    if (framing_ == Framing::kChunks) out_->append("Transfer-Encoding: chunked\r\n");
    if (framing_ == Framing::kUntilClose) options_.after = AfterResponse::kClose;
  }
  end_head();
  if (!may_have_content() || options_.content == Content::kDescribed) framing_ = Framing::kNone;
  stage_ = Stage::kContent;
}

void Http1Response::write(std::string_view bytes) {
  begin_content();
  RG_DCHECK(stage_ == Stage::kContent);
  if (bytes.empty() || framing_ == Framing::kNone) return;
  if (framing_ == Framing::kLength) {
    bytes = bytes.substr(0, static_cast<size_t>(std::min<uint64_t>(bytes.size(), length_left_)));
    length_left_ -= bytes.size();
  }
  if (framing_ != Framing::kChunks) return out_->append(bytes);
  char size[20];
  const auto end = fmt::format_to(size, "{:x}\r\n", bytes.size());
  out_->append({size, static_cast<size_t>(end - size)});
  out_->append(bytes);
  out_->append("\r\n");
}

// Only the chunked framing has a place for trailers (RFC 9112, section 7.1.2).
void Http1Response::trailer(std::string_view name, std::string_view value) {
  begin_content();
  if (framing_ != Framing::kChunks) return;
  if (stage_ == Stage::kContent) out_->append("0\r\n");
  stage_ = Stage::kTrailers;
  field(name, value);
}

void Http1Response::finish() {
  if (stage_ == Stage::kStatus) status(500);
  if (stage_ == Stage::kFields) {
    if (framing_ != Framing::kLength) return body({}, {});
    begin_content();
  }
  if (framing_ == Framing::kChunks) out_->append(stage_ == Stage::kTrailers ? "\r\n" : "0\r\n\r\n");
  stage_ = Stage::kDone;
}

void Http1Response::interim(int code, std::span<const Header> headers, std::string_view upgrade_to) {
  RG_DCHECK(stage_ == Stage::kStatus);
  status_line(code);
  if (!upgrade_to.empty()) {
    field("Connection", "Upgrade");
    field("Upgrade", upgrade_to);
  }
  for (const Header& header : headers) field(header.name, header.value);
  out_->append("\r\n");
}

}  // namespace rateguard::http

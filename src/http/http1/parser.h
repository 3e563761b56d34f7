// HTTP/1.1 requests from bytes (RFC 9112). How the bytes were cut into pieces does not change whether a request is
// accepted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/exchange.h"
#include "http/http1/message_parser.h"
#include "http/server_options.h"

namespace rateguard::http {

// Parses one request after another; reset() between them.
class Http1Parser final : public Http1MessageParser {
 public:
  enum class Status : uint8_t { kNeedMore, kComplete, kRejected };

  // Whether parse() returns kNeedMore once when the head of a request with a body is complete, even if the body is
  // there, so that the handler can be asked how it wants the body.
  enum class AfterHead : uint8_t { kGoOn, kPause };

  explicit Http1Parser(const Limits& limits, AfterHead after_head = AfterHead::kGoOn);

  // `bytes` is everything received since the start of this request, with more at its end than at the last call. A
  // chunked body is decoded in place, so the bytes that kNeedMore leaves, which may be fewer, are to be kept unchanged.
  // REQUIRES: reset() after kComplete or kRejected.
  Status parse(std::span<char>& bytes);
  void reset();

  // After kComplete, and after kNeedMore with the head whole. Method, target, path, query, headers and body; who the
  // peer is, the session knows. Otherwise what was read until then, which may be nothing.
  Request request(std::span<char> bytes);
  // After kComplete: whether the client may send another request (RFC 9112, section 9.3).
  bool keep_alive() const;
  bool is_http_1_0() const { return version_ == Version::k10; }
  bool is_head() const { return head_request_; }

  // After kNeedMore: whether only the body is missing, and the client waits for "100 Continue" before it sends that.
  bool awaits_continue() const { return expects_continue_ && phase_ >= Phase::kBody; }

  // With awaits_body(): whether it is known that the body will come, and where it ends.
  bool body_end_is_known() const { return !chunked_ && !expects_continue_; }
  // After kRejected: where the refused request ends, counted from its first byte, if that is known and near enough to
  // read past; 0 if not: then the connection has to be closed.
  uint64_t refused_bytes() const { return refused_bytes_; }

 private:
  enum class Version : uint8_t { k10, k11 };

  Step parse_start(std::span<const char> bytes);
  Step parse_request_line(std::span<char> bytes);
  Step split_request_line(std::span<char> bytes, std::string_view line);
  void note_method(std::span<const char> bytes, std::string_view line);
  Step parse_version(std::string_view text);
  Step parse_target(std::span<char> bytes, std::string_view method, std::string_view target);
  Step parse_absolute_target(std::span<char> bytes, std::string_view target, size_t scheme_size);
  Step parse_field(std::span<const char> bytes);
  Step known_field(std::string_view name, std::string_view value);
  Step host(std::string_view value);
  Step finish_head();

  AfterHead after_head_;
  Version version_ = Version::k11;
  bool head_request_ = false;
  bool has_host_ = false;
  bool other_expectation_ = false;
  Part method_;
  Part target_;
  Part authority_;  // from an absolute-form target: replaces Host (RFC 9112, section 3.2.2)
};

}  // namespace rateguard::http

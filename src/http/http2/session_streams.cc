// The streams of a session: incoming requests and outgoing answers.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "http/chars.h"
#include "http/http2/callbacks.h"
#include "http/http2/session.h"
#include "http/rejections.h"
#include "http/trailer_fields.h"
#include "net/connection_host.h"

namespace rateguard::http {
namespace {

// The longest method that is kept of a head that is too large; the longest registered one has 17 letters.
constexpr size_t kMethodKept = 32;
// What a stream that ended well gives back to the budget of control frames.
constexpr int64_t kFramesPerStream = 4;

}  // namespace

Http2Stream* Http2Session::open_stream(int32_t id) {
  std::unique_ptr<Http2Stream> stream = context_.take_stream();
  stream->begin(*this, id, round_);
  stream->head.peer = peer_;
  stream->head.started = host_.loop().now();
  stream->head.secure = transport_.secure();
  if (client_subject_) stream->head.client_subject = *client_subject_;
  stream->previous = nullptr;
  stream->next = streams_;
  if (streams_ != nullptr) streams_->previous = stream.get();
  streams_ = stream.get();
  ++stream_count_;
  ++unfinished_count_;
  context_.stats.streams_open.rise();
  return stream.release();
}

int Http2Session::take_field(Http2Stream& stream, std::string_view name, std::string_view value) {
  if (stream.head_whole && !stream.head_is_cut) return take_trailer(stream, name, value);
  const Limits& limits = context_.options.limits;
  const size_t bytes = name.size() + value.size() + FieldList::kPerField;
  stream.head_bytes += bytes;
  if (stream.head_bytes > kHeadFactor * limits.header_bytes_max) return flooded();
  if (stream.head_is_cut) return 0;
  if (bytes > limits.header_bytes_max && name == ":path") stream.target_too_long = true;
  if (!name.starts_with(':') && name != "host") {
    // Crumbs of one Cookie field (RFC 9113, section 8.2.3) count as the field that they are.
    const bool counted = name == "cookie" && std::exchange(stream.has_cookie, true);
    if (!counted) ++stream.field_count;
  }
  // The method is kept for the log, also behind a target that is too long.
  const bool fits = stream.head_bytes <= limits.header_bytes_max || (name == ":method" && value.size() <= kMethodKept);
  if (fits) stream.add_request_field(name, value);
  // Pseudo-header fields come first (RFC 9113, section 8.3): with any other, the method and the target are known.
  if (!name.starts_with(':')) {
    if (auto wrong = check_size(stream)) cut_head(stream, *std::move(wrong));
  }
  return 0;
}

// Answers a head before the rest of it arrives, which may be more than the connection survives.
void Http2Session::cut_head(Http2Stream& stream, Rejection rejection) {
  stream.head_is_whole();
  stream.head_is_cut = true;
  refuse(stream, std::move(rejection));
}

// Trailers are bounded as the head is, and separately.
int Http2Session::take_trailer(Http2Stream& stream, std::string_view name, std::string_view value) {
  const Limits& limits = context_.options.limits;
  stream.trailer_bytes += name.size() + value.size() + FieldList::kPerField;
  if (stream.trailer_bytes > kHeadFactor * limits.header_bytes_max) return flooded();
  const bool fits = ++stream.trailer_count <= limits.headers_max && stream.trailer_bytes <= limits.header_bytes_max;
  if (fits && !is_unwanted(stream)) stream.add_request_trailer(name, value);
  return 0;
}

std::optional<Rejection> Http2Session::check_trailers(Http2Stream& stream) const {
  const Limits& limits = context_.options.limits;
  if (stream.trailer_bytes > limits.header_bytes_max) return trailers_too_large(limits.header_bytes_max);
  if (stream.trailer_count > limits.headers_max) return too_many_trailers(limits.headers_max);
  for (const Header& field : stream.request_trailers()) {
    if (trailer_use(field.name) == TrailerUse::kRefused) return not_a_trailer(field.name);
  }
  return std::nullopt;
}

// False if the request is refused for them. A handler that has it already hears that the client has gone.
bool Http2Session::accept_trailers(Http2Stream& stream) {
  if (stream.trailer_count == 0) return true;
  count_held(stream);
  if (auto wrong = check_trailers(stream)) {
    stream.handed_over ? cut_off(stream, NGHTTP2_PROTOCOL_ERROR) : refuse(stream, *std::move(wrong));
    return false;
  }
  const bool too_much = stream.handed_over && held_bytes_ - stream.held > context_.options.http2.held_bytes_max;
  if (too_much) cut_off(stream, NGHTTP2_ENHANCE_YOUR_CALM);
  return !too_much;
}

void Http2Session::cut_off(Http2Stream& stream, uint32_t error_code) {
  context_.stats.requests_rejected.add();
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, error_code);
}

void Http2Session::head_complete(Http2Stream& stream, bool request_whole) {
  if (std::exchange(stream.head_is_cut, false)) return;
  stream.head_is_whole();
  stream.request_whole = request_whole;
  if (!request_whole) stream.head.content = RequestContent::kStreamed;
  if (auto wrong = check_size(stream)) return refuse(stream, *std::move(wrong));
  if (holds_too_much(stream)) return;
  count_held(stream);
  if (auto wrong = check_head(stream.head)) return refuse(stream, *std::move(wrong));
  if (!request_whole || context_.handler.streams()) stream.delivery = context_.handler.delivery(stream.head);
  if (stream.delivery == BodyDelivery::kPieces) --unfinished_count_;
  if (stream.delivery != BodyDelivery::kWhole) return hand_over(stream);
  if (request_whole) return;
  if (auto wrong = check_length(stream.head)) return refuse(stream, *std::move(wrong));
  if (expects_continue(stream.head)) send_interim(stream, 100, {});
}

std::optional<Rejection> Http2Session::check_size(const Http2Stream& stream) const {
  const Limits& limits = context_.options.limits;
  if (stream.target_too_long) return target_too_long(limits.header_bytes_max);
  if (stream.head_bytes > limits.header_bytes_max) return header_too_large(limits.header_bytes_max);
  if (stream.field_count > limits.headers_max) return too_many_fields(limits.headers_max);
  return std::nullopt;
}

// What HTTP/1.1's parser refuses too, so that both see the same host and path (RFC 9113, section 8.3.1).
std::optional<Rejection> Http2Session::check_head(const Request& head) {
  if (head.method == "CONNECT") return connect_not_offered();
  if (auto wrong = check_target(head.method, head.target)) return wrong;
  const std::string_view host = find_header(head.headers, "host");
  if (!all_chars(host, kHostChar)) return not_a_host(host);
  if (!head.authority.empty() && host.data() != head.authority.data() &&
      !std::ranges::equal(host, head.authority, {}, lower_ascii, lower_ascii)) {
    return Rejection{.status = 400, .detail = "names another host than :authority", .field = "Host"};
  }
  const auto is_unmet = [](const Header& field) {
    return field.name == "expect" && !equals_lower(field.value, "100-continue");
  };
  if (std::ranges::any_of(head.headers, is_unmet)) return expectation_not_met();
  return std::nullopt;
}

bool Http2Session::expects_continue(const Request& head) {
  return equals_lower(find_header(head.headers, "expect"), "100-continue");
}

// The stream is refused if the others hold more than they may. Nothing was done for it, so the client may ask again.
bool Http2Session::holds_too_much(Http2Stream& stream) {
  if (held_bytes_ - stream.held <= context_.options.http2.held_bytes_max) return false;
  drop(stream, NGHTTP2_REFUSED_STREAM);
  return true;
}

// Resets a request that no handler has; the rest of it is ignored.
void Http2Session::drop(Http2Stream& stream, uint32_t error_code) {
  give_up_request(stream);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, error_code);
}

void Http2Session::give_up_request(Http2Stream& stream) {
  stream.refused = true;
  if (!stream.request_whole) body_is_over(stream);
  stream.request_body.release();
  context_.stats.requests_rejected.add();
}

// Called after each change of what a stream holds for its client: the head and the trailers, which the handler may
// still read, and the waiting part of the answer.
void Http2Session::count_held(Http2Stream& stream) {
  held_bytes_ -= stream.held;
  const size_t head_bytes = std::min<size_t>(stream.head_bytes, context_.options.limits.header_bytes_max);
  stream.held = head_bytes + stream.trailer_bytes + stream.waiting_bytes();
  held_bytes_ += stream.held;
}

// nghttp2 has seen to it that a length is one, and that the body is as long.
std::optional<Rejection> Http2Session::check_length(const Request& head) const {
  const std::string_view length = find_header(head.headers, "content-length");
  uint64_t bytes = 0;
  std::from_chars(length.data(), length.data() + length.size(), bytes);
  const uint64_t limit = context_.options.limits.body_bytes_max;
  if (bytes <= limit) return std::nullopt;
  return length_too_large(bytes, limit);
}

// Arriving bytes are taken from the windows of stream and connection. They are given back at once if they are dropped
// or have another bound; if the handler takes pieces, the stream's when it has consumed them.
int Http2Session::take_body(Http2Stream& stream, std::string_view bytes) {
  const bool dropped = is_unwanted(stream);
  if (stream.delivery != BodyDelivery::kPieces || dropped) nghttp2_session_consume(session_, stream.id, bytes.size());
  if (dropped) return 0;
  if (stream.delivery == BodyDelivery::kPieces) {
    stream.body_held += bytes.size();
    pieces_held_ += bytes.size();
    window_owed_ += bytes.size();
    if (!stream.receiving || !stream.request_body.empty()) {
      stream.request_body.append(bytes);
    } else if (stream.has_events()) {
      stream.events().body_arrived(stream, bytes);
    }
    return 0;
  }
  const uint64_t limit = context_.options.limits.body_bytes_max;
  if (stream.request_body.size() + bytes.size() > limit) {
    refuse(stream, body_too_large(limit));
  } else if (!bodies_.set(bodies_.bytes() + bytes.size())) {
    refuse(stream, no_room_for_body());
  } else {
    stream.request_body.append(bytes);
  }
  return 0;
}

// Gives back what arrived to the connection's window whether or not it was consumed, so that streams whose handlers are
// slow hold up no other: their own windows bound each of them. Only what is left of the budget bounds them together;
// beyond it the connection's window is withheld.
void Http2Session::settle_connection_window() {
  const size_t withheld = pieces_held_ - static_cast<size_t>(pieces_.set_spare(pieces_held_));
  if (window_owed_ <= withheld) return;
  nghttp2_session_consume_connection(session_, window_owed_ - withheld);
  window_owed_ = withheld;
}

void Http2Session::body_consumed(Http2Stream& stream, size_t bytes) {
  pieces_held_ -= bytes;
  if (!is_open() || bytes == 0) return;
  nghttp2_session_consume_stream(session_, stream.id, bytes);
  if (!busy_) call_soon();
}

void Http2Session::receive_body(Http2Stream& stream) {
  if (std::exchange(stream.receiving, true)) return;
  const bool has_begun = !stream.request_body.empty() || stream.request_whole;
  if (!has_begun && expects_continue(stream.head)) send_interim(stream, 100, {});
  if (!has_begun) return;
  asked_late_.push_back(&stream);
  call_soon();
}

// Gives handlers the bodies that arrived before they asked.
void Http2Session::give_early_bodies() {
  for (size_t i = 0; i < asked_late_.size(); ++i) {
    Http2Stream* const stream = asked_late_[i];
    if (stream == nullptr) continue;
    const net::ByteBuffer early = std::exchange(stream->request_body, {});
    if (!early.empty() && stream->has_events()) stream->events().body_arrived(*stream, early.view());
    if (asked_late_[i] != nullptr && stream->request_whole) tell_body_ended(*stream);
  }
  asked_late_.clear();
}

void Http2Session::tell_body_ended(Http2Stream& stream) {
  if (!stream.has_events() || std::exchange(stream.end_told, true)) return;
  stream.events().body_ended(stream, stream.request_trailers());
}

// The body is complete, or the rest of it is unwanted.
void Http2Session::body_is_over(const Http2Stream& stream) {
  if (stream.delivery == BodyDelivery::kPieces) return;
  bodies_.shrink_to(bodies_.bytes() - stream.request_body.size());
}

void Http2Session::request_complete(Http2Stream& stream) {
  if (!is_unwanted(stream) && !accept_trailers(stream)) return;
  stream.request_whole = true;
  if (is_unwanted(stream)) return;
  if (stream.delivery == BodyDelivery::kPieces) {
    if (stream.receiving && stream.request_body.empty()) tell_body_ended(stream);
    return;
  }
  body_is_over(stream);
  stream.head.body = stream.request_body.view();
  stream.head.trailers = stream.request_trailers();
  hand_over(stream);
}

void Http2Session::hand_over(Http2Stream& stream) {
  if (holds_too_much(stream)) return;
  stream.handed_over = true;
  context_.stats.requests_handled.add();
  context_.handler.handle(stream, host_.loop().now());
  if (!stream.was_kept) stream.finish();
}

void Http2Session::refuse(Http2Stream& stream, Rejection rejection) {
  give_up_request(stream);
  rejection.request = stream.head;
  context_.handler.reject(rejection, host_.loop().now(), stream);
  if (!stream.finished) stream.finish();
}

void Http2Session::send_answer(Http2Stream& stream) {
  if (!is_open()) return;
  count_held(stream);
  if (!stream.submitted) {
    stream.submitted = true;
    if (stream.answer_head.empty()) stream.status(500);
    const bool head_alone = stream.finished && !stream.has_content();
    // Without content, trailers are fields of the only block.
    if (head_alone) stream.merge_trailers();
    NameValues fields(stream.answer_head.fields());
    nghttp2_data_provider content{.source = {.ptr = &stream}, .read_callback = Http2Callbacks::read_content};
    const auto* const provider = head_alone ? nullptr : &content;
    if (nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), provider) != 0) {
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_INTERNAL_ERROR);
    }
  } else if (std::exchange(stream.deferred, false)) {
    nghttp2_session_resume_data(session_, stream.id);
  }
  if (!busy_) call_soon();
}

void Http2Session::send_interim(Http2Stream& stream, int code, std::span<const Header> headers) {
  if (!is_open() || stream.submitted) return;
  FieldList fields;
  const fmt::format_int digits(code);
  fields.add(":status", {digits.data(), digits.size()});
  for (const Header& header : headers) fields.add_lower(header.name, header.value);
  NameValues values(fields.fields());
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id, nullptr, values.data(), values.size(), nullptr);
  if (!busy_) call_soon();
}

void Http2Session::abandon(Http2Stream& stream) {
  if (!is_open()) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_INTERNAL_ERROR);
  if (!busy_) call_soon();
}

// nghttp2 has taken the content that had to wait.
void Http2Session::tell_drained() {
  for (size_t i = 0; i < drained_.size(); ++i) {
    Http2Stream* const stream = drained_[i];
    if (stream != nullptr && stream->has_events()) stream->events().drained(*stream);
  }
  drained_.clear();
}

// The request was answered while it was incomplete. The client need not send the rest, and a reset would say so (RFC
// 9113, section 8.1), but some clients then lose the answer. They get as long as for a request.
void Http2Session::linger(Http2Stream& stream) {
  if (!has_read_time(stream)) ++unfinished_count_;
  stream.lingers = true;
  stream.round = round_;
}

void Http2Session::stream_gone(Http2Stream& stream, uint32_t error_code) {
  std::ranges::replace(drained_, &stream, nullptr);
  std::ranges::replace(asked_late_, &stream, nullptr);
  pieces_held_ -= std::exchange(stream.body_held, 0);
  held_bytes_ -= stream.held;
  if (stream.previous != nullptr) stream.previous->next = stream.next;
  if (stream.next != nullptr) stream.next->previous = stream.previous;
  if (streams_ == &stream) streams_ = stream.next;
  --stream_count_;
  if (has_read_time(stream)) --unfinished_count_;
  if (!stream.request_whole && !stream.refused) body_is_over(stream);
  context_.stats.streams_open.fall();
  if (error_code == NGHTTP2_NO_ERROR) {
    resets_.give_back(1);
    control_frames_.give_back(kFramesPerStream);
  } else {
    context_.stats.streams_reset.add();
  }
  stream.forget_session();
  if (stream.is_free()) context_.give_stream(std::unique_ptr<Http2Stream>(&stream));
}

}  // namespace rateguard::http

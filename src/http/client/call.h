// One request to another server and its answer, in any version of HTTP: the client's counterpart of http::Exchange.
// Everything here is for the event loop's thread.
//
// The request's content is written in pieces, the answer comes in pieces, and both directions have backpressure:
// waiting_bytes() and drained() tell what the server has not taken, and no more is read from it than is consumed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "http/answer_head.h"
#include "http/http1/request_writer.h"
#include "http/http2/field_list.h"
#include "model/instant.h"
#include "net/byte_buffer.h"
#include "net/timer_wheel.h"

namespace rateguard::http {

class Call;
class Carrier;
class Client;
struct Origin;

// The request. The views need to live until Client::call() returns.
struct CallRequest {
  std::string_view method = "GET";  // a token
  std::string_view target = "/";    // origin-form: path and query, visible ASCII
  std::string_view authority = {};  // what Host and :authority say; empty: the origin's
  // Without Host; names are tokens. Fields of one connection are dropped (RFC 9110, section 7.6.1), but "TE: trailers"
  // where it can be said. Content-Length is how long the content will be; without it that is not said. "Expect:
  // 100-continue" holds the content back until the server asks for it, answers, or says nothing for a second.
  std::span<const Header> headers = {};
  RequestContent content = RequestContent::kNone;
  // The protocol to switch to (RFC 9110, section 7.8), over HTTP/1.1 only and without content.
  std::string_view upgrade = {};
};

// A missing value means no deadline. Accurate to 50 ms; time for which the loop was busy does not count.
struct CallTimeouts {
  // Until a connection carries the call: waiting for one, connecting and TLS.
  std::optional<Duration> connect = Duration::seconds(5);
  // Until the answer begins, counted from the last byte of the request that has been sent so far.
  std::optional<Duration> first_byte = Duration::seconds(60);
  // Once the answer has begun: without a byte in either direction, while more is wanted.
  std::optional<Duration> idle = Duration::seconds(120);
  // For the whole call.
  std::optional<Duration> whole = {};
};

// Why a call failed.
enum class CallEnd : uint8_t {
  kNotConnected,  // no connection could be made
  kLate,          // one of its deadlines has passed
  kBroken,        // the connection broke off, or the server reset the stream
  kMalformed,     // the server's answer is not HTTP, or its framing is uncertain
  kTooMany,       // too many calls wait for a connection already
  kOurs,          // the request itself: less content than its Content-Length said, an upgrade over HTTP/2
};

// Gets the events of a call. Each may destroy the call; none is called from within a function that its owner calls.
// body_ended() or failed() is the last, and one of them comes exactly once, unless the call is destroyed before.
class CallEvents {
 public:
  virtual ~CallEvents() = default;
  // An interim answer (RFC 9110, section 15.2): 100, 103, ...
  virtual void informed(Call& call, const AnswerHead& head);
  // The answer begins. 101: from here on write() and body_arrived() move raw bytes.
  virtual void answered(Call& call, const AnswerHead& head) = 0;
  // A piece of its content. `bytes` live until this returns; they count as held until consume().
  virtual void body_arrived(Call& call, std::string_view bytes) = 0;
  // The answer is complete; `trailers` are the fields after its content, without those that belong in the head
  // (trailer_fields.h). The rest of the request is not sent any more.
  virtual void body_ended(Call& call, std::span<const Header> trailers) = 0;
  // All that was written is on its way.
  virtual void drained(Call& call);
  // The call has no answer, or only a part of one. The error says whose fault it is and whether the request may be
  // repeated.
  virtual void failed(Call& call, CallEnd end, const Error& error) = 0;
};

// Destroying a call that has not ended cancels it: HTTP/1.1 closes the connection, HTTP/2 resets the stream.
class Call final : private net::WheelEntry {
 public:
  ~Call() override;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Adds a piece to the request's content, which goes out at the end of this turn of the loop. REQUIRES:
  // RequestContent::kStreamed or an upgrade that was answered; not after finish().
  void write(std::string_view bytes);
  // Adds a field after the content; dropped if the framing has no place for it. REQUIRES: no write() follows.
  void trailer(std::string_view name, std::string_view value);
  // Ends the content.
  void finish();
  // How much of the content has not been sent yet. A caller with unbounded content stops writing above a bound of its
  // choice and continues after drained().
  size_t waiting_bytes() const;
  // The caller is done with `bytes` bytes of the answer: as many more may be read. While kWindow or more are held,
  // nothing is read.
  void consume(size_t bytes);
  bool is_over() const { return phase_ == Phase::kOver; }

  // How many bytes of its answer one call may hold; a few thousand more over HTTP/1.1, where pieces would get tiny.
  static constexpr size_t kWindow = Exchange::kBodyWindow;

 private:
  friend class Carrier;
  friend class Client;
  friend class Http1Carrier;
  friend class Http2Carrier;
  friend struct Http2CarrierCallbacks;
  friend class ClientConnection;
  friend class OriginPool;

  enum class Phase : uint8_t {
    kWaiting,    // for a connection
    kExpecting,  // "100 Continue" before its content
    kAsking,
    kAnswered,  // the answer has begun
    kOver,
  };

  Call(Client& client, std::shared_ptr<const Origin> origin, const CallRequest& request, CallEvents& events,
       const CallTimeouts& timeouts);
  void add_fields(std::span<const Header> headers);
  void on_timeout() override;
  // Moves the deadline to that of its phase, counted from now.
  void arm();
  void carried_by(Carrier& carrier);
  void back_to_waiting();
  void content_changed();
  bool may_send_content() const { return phase_ != Phase::kExpecting && !content_refused_; }
  bool is_idempotent() const;
  // Tells the owner, which may destroy the call.
  void tell_answered(const AnswerHead& head);
  void tell_piece(std::string_view bytes);
  void tell_sent();
  void end(std::span<const Header> trailers);
  void fail(CallEnd end, Error error);
  void fail_late(std::string_view what);
  bool sends_slowly() const;
  // Counts an interim head. False: there were too many.
  bool take_interim(const AnswerHead& head);
  // At the end of this turn, since its owner is being called, or calls.
  void fail_soon(CallEnd end, Error error);
  // Removes it from its pool or connection, and from the timers.
  void leave();

  Client* client_;  // null: the call has ended
  std::shared_ptr<const Origin> origin_;
  CallEvents& events_;
  CallTimeouts timeouts_;
  std::string method_;
  std::string target_;
  std::string authority_;
  std::string upgrade_;
  FieldList fields_;    // names in lower case
  FieldList trailers_;  // names in lower case
  RequestContent content_kind_;
  std::optional<uint64_t> length_left_;  // how much of the Content-Length was not written yet
  net::ByteBuffer content_;              // written and not sent
  size_t content_sent_ = 0;
  Carrier* carrier_ = nullptr;
  FieldList answer_;  // HTTP/2: the head or the trailers that are arriving
  size_t answer_bytes_ = 0;
  std::optional<net::Tick> whole_by_;
  std::optional<std::pair<CallEnd, Error>> doom_;  // told to the owner at the end of this turn
  size_t held_ = 0;
  uint64_t sent_at_arming_ = 0;  // by its connection
  uint64_t heard_at_begin_ = 0;  // HTTP/2: reads of its connection
  uint32_t index_ = 0;           // HTTP/2: among the connection's
  int32_t stream_id_ = -1;       // HTTP/2
  Phase phase_ = Phase::kWaiting;
  uint8_t attempts_ = 0;
  uint8_t interim_heads_ = 0;
  bool expects_continue_ = false;
  bool queued_ = false;           // to be looked at, at the end of this turn
  bool finished_ = false;         // the content is
  bool content_begun_ = false;    // some of it has left
  bool content_refused_ = false;  // the answer came in place of "100 Continue"
  bool had_to_wait_ = false;      // something was written since drained()
  bool head_sent_ = false;        // HTTP/2
  bool deferred_ = false;         // HTTP/2: nghttp2 waits for more content
};

inline void CallEvents::informed(Call&, const AnswerHead&) {}
inline void CallEvents::drained(Call&) {}

}  // namespace rateguard::http

// One request and its answer, in any version of HTTP: the seam between a session and the code that answers. Everything
// here is for the event loop's thread.
//
// A handler that knows its answer gives it and returns: status(), header()..., body(). Nothing is copied or allocated.
// A handler that has to wait calls keep() and answers when it can. A handler that streams asks for the body with
// receive() and writes its answer in pieces. Both directions have backpressure: no more is read from the client than
// the handler consumes, and waiting_bytes() and drained() tell what the client has not read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "model/instant.h"
#include "model/ip_address.h"
#include "model/request_facts.h"

namespace rateguard::http {

enum class Version : uint8_t { k10, k11, k2 };

// Whether content follows a request's head.
enum class RequestContent : uint8_t { kNone, kStreamed };

// A valid request. Its views live until Handler::handle() returns; after Exchange::keep(), as long as the exchange.
struct Request {
  std::string_view method = {};
  std::string_view target = {};          // origin-form as sent: path and query
  std::string_view path = {};            // the target up to '?', still percent-encoded
  std::string_view query = {};           // after '?'; empty if there is none
  std::span<const Header> headers = {};  // HTTP/2: names in lower case, without the pseudo-header fields
  std::string_view body = {};            // BodyDelivery::kWhole only
  // BodyDelivery::kWhole only: the fields after the body (RFC 9110, section 6.5), apart from `headers` since nothing
  // that belongs in the head may come there: such fields were dropped, or the request refused (trailer_fields.h).
  std::span<const Header> trailers = {};
  IpAddress peer = {};
  bool secure = false;                   // came over TLS
  std::string_view client_subject = {};  // the verified client certificate's subject, if mTLS asked for one
  std::string_view authority = {};       // HTTP/2: ":authority"; HTTP/1.1 has it in the Host field
  Version version = Version::k11;
  RequestContent content = RequestContent::kNone;  // not of one whose body is here as a whole
  Instant started = {};  // when its head began to arrive; HTTP/1.1: when its head was read to its end
};

// Why a session could not accept a request. The handler words the answer, so that all errors of a server look alike.
struct Rejection {
  int status = 400;         // 400, 405, 408, 413, 414, 417, 431, 501, 503, 505
  std::string detail = {};  // what was wrong, with the field and the value
  std::string field = {};   // "header", "Content-Length", "request-line", ...
  // What was read of it, without its body: the peer and `started` always, unless nothing was. Its views live until
  // Handler::reject() returns.
  Request request = {};
};

// Takes an answer whose content is complete. The members are called in this order, once each except header(): status,
// header*, body. The session adds Content-Length, Date, Connection and the framing.
class Responder {
 public:
  virtual ~Responder() = default;
  // A final status: 200 to 599.
  virtual void status(int code) = 0;
  // Bytes that no value may have become spaces. REQUIRES: `name` is a token.
  virtual void header(std::string_view name, std::string_view value) = 0;
  virtual void body(std::string_view content_type, std::string_view bytes) = 0;
};

class Exchange;

// The events of a kept exchange. Not called after finish(), nor from within a function that the handler calls. Each may
// end the exchange.
class ExchangeEvents {
 public:
  virtual ~ExchangeEvents() = default;
  // A piece of the body, after receive(). `bytes` live until this returns; they count as held until consume().
  virtual void body_arrived(Exchange& exchange, std::string_view bytes);
  // The body has ended; called once, after its last piece. `trailers` are the fields after it, as Request::trailers;
  // they live until this returns.
  virtual void body_ended(Exchange& exchange, std::span<const Header> trailers);
  // All flushed output has been sent.
  virtual void drained(Exchange& exchange);
  // The client has said that it sends no more, after its request was whole; over HTTP/1.1 alone, and only while it
  // waits for the answer. Nearly all who say so have gone, as those that proxies and browsers give up on; a script may
  // have closed its side on purpose and still read.
  virtual void client_finished(Exchange& exchange);
  // The client has disconnected: further output is dropped.
  virtual void client_gone(Exchange& exchange);
};

struct LetGo {
  void operator()(Exchange* exchange) const;
};
// A kept exchange. Letting go of it before finish() aborts it: HTTP/1.1 closes the connection, HTTP/2 resets the
// stream.
using KeptExchange = std::unique_ptr<Exchange, LetGo>;

// A handler that returns from handle() without keep() has answered; if it gave no status, with 500.
class Exchange : public Responder {
 public:
  virtual const Request& request() const = 0;

  // Lets the handler answer later. The request's bytes are copied, so views taken from it before are stale. `events`
  // outlives the exchange; null: no events are needed. REQUIRES: called once, from within handle(), before any part of
  // the answer.
  virtual KeptExchange keep(ExchangeEvents* events) = 0;
  // Sends the answer, or the rest of it. The handler may be given the connection's next request before this returns.
  // REQUIRES: keep(); nothing is added to the answer afterwards.
  virtual void finish() = 0;

  // Asks for the body in pieces; answers "Expect: 100-continue". REQUIRES: keep() with events;
  // BodyDelivery::kPieces.
  virtual void receive() = 0;
  // The handler is done with `bytes` bytes of the body: as many more may be read. While kBodyWindow or more are held,
  // nothing is read.
  virtual void consume(size_t bytes) = 0;

  // An interim answer (RFC 9110, section 15.2), such as 103, ahead of status(). Not sent to HTTP/1.0 clients.
  virtual void inform(int code, std::span<const Header> headers) = 0;
  // In place of body(): a piece of the content, after status() and header(). HTTP/1.1 sends it in chunks, unless the
  // handler has said Content-Length. It is kept until flush() or finish().
  virtual void write(std::string_view bytes) = 0;
  // A field after the content; dropped if the client cannot take any. REQUIRES: no write() follows.
  virtual void trailer(std::string_view name, std::string_view value) = 0;
  // Sends what was written, at least the head, when the handler has returned.
  virtual void flush() = 0;
  // How much of the answer the connection has not taken yet. A handler with unbounded content stops writing above a
  // bound of its choice and continues after drained().
  virtual size_t waiting_bytes() const = 0;
  // Switches to `protocol` (RFC 9110, section 7.8) with status 101 and the headers given: from here on receive() and
  // write() move raw bytes, and finish() ends the connection. Returns false and sends nothing if the version has no
  // upgrades. REQUIRES: keep(); the client asked for it; status() was not called.
  virtual bool upgrade(std::string_view protocol, std::span<const Header> headers) = 0;

  // How many bytes of its body one exchange may hold; the rest of the same read is handed out too.
  static constexpr size_t kBodyWindow = 64 * 1'024;

  // With a label, Handler::sent() is called when the whole answer was sent. REQUIRES: set before handle() returns.
  void set_label(uint32_t label) { label_ = label; }
  uint32_t label() const { return label_; }
  static constexpr uint32_t kUnlabelled = UINT32_MAX;

 protected:
  friend struct LetGo;
  // The handler does not need the exchange any more.
  virtual void let_go() = 0;

 private:
  uint32_t label_ = kUnlabelled;
};

enum class BodyDelivery : uint8_t {
  kWhole,   // handle() is called when the request is complete, within the read timeout and the limits
  kNone,    // the body does not matter: handle() is called at once, and the body is discarded
  kPieces,  // handle() is called at once; receive() gives the body. Its size has no limit but the handler's
};

// Answers requests. One for each event loop; never blocks.
class Handler {
 public:
  virtual ~Handler() = default;
  // Whether delivery() may say kPieces. Constant.
  virtual bool streams() const { return false; }
  // How the handler wants the body. `head` is the request without its body. HTTP/1.1 does not ask if the request
  // arrives complete, unless the handler streams().
  virtual BodyDelivery delivery(const Request& head);
  virtual void handle(Exchange& exchange, Now now) = 0;
  virtual void reject(const Rejection& rejection, Instant now, Responder& responder) = 0;
  // The last byte of an answer with this label was handed to the kernel, `took` after Request::started. The exchange
  // may have been destroyed. Not called for answers that a broken connection cut short.
  virtual void sent(uint32_t label, Duration took);
};

inline void ExchangeEvents::body_arrived(Exchange&, std::string_view) {}
inline void ExchangeEvents::body_ended(Exchange&, std::span<const Header>) {}
inline void ExchangeEvents::drained(Exchange&) {}
inline void ExchangeEvents::client_finished(Exchange&) {}
inline void ExchangeEvents::client_gone(Exchange&) {}
inline void Handler::sent(uint32_t, Duration) {}
inline BodyDelivery Handler::delivery(const Request&) {
  return BodyDelivery::kWhole;
}
inline void LetGo::operator()(Exchange* exchange) const {
  exchange->let_go();
}

}  // namespace rateguard::http

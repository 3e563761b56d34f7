// The seam between an HTTP/2 session and whoever answers. Other than http_exchange.h it knows trailers, answers that
// come later than the request, and bodies that flow while the stream is open; it knows nothing of gRPC.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/exchange.h"
#include "model/instant.h"
#include "model/ip_address.h"
#include "model/request_facts.h"

namespace rateguard::http {

// A valid request (RFC 9113, section 8.3). Every view lives as long as the stream does.
struct Http2Request {
  std::string_view method = {};
  std::string_view scheme = {};
  std::string_view authority = {};
  std::string_view path = {};            // with the query; empty with CONNECT
  std::span<const Header> headers = {};  // names in lower case; without the pseudo-header fields
  std::string_view body = {};            // BodyOf::kWhole only
  IpAddress peer = {};
  bool secure = false;                   // came over TLS
  std::string_view client_subject = {};  // the verified client certificate's subject, where mTLS asked for one
  Instant started = {};                  // when its head began to arrive
};

// The answer on one stream, for its handler: status, header*, (body | send)*, trailer*, finish. Lives until finish() or
// Http2Handler::stream_closed(); a handler may keep it until then and answer later.
class Http2Responder {
 public:
  virtual ~Http2Responder() = default;
  // Begins the answer; what has been said of it so far is forgotten. REQUIRES: nothing has been sent.
  virtual void status(int code) = 0;
  // REQUIRES: `name` is a token in lower case; bytes that no value may have become spaces.
  virtual void header(std::string_view name, std::string_view value) = 0;
  virtual void body(std::string_view bytes) = 0;
  // As header(), after the body.
  virtual void trailer(std::string_view name, std::string_view value) = 0;
  // Begins to send what there is, while the stream stays open.
  virtual void send() = 0;
  virtual void finish() = 0;
  // Of the body, what its reader has not taken yet.
  virtual size_t waiting_bytes() const = 0;
};

// Answers requests. One per event loop; called on that loop's thread only. Never blocks.
class Http2Handler {
 public:
  virtual ~Http2Handler() = default;
  // The head of a request has arrived.
  virtual BodyDelivery delivery(const Http2Request& head) = 0;
  virtual void handle(const Http2Request& request, Now now, Http2Responder& responder) = 0;
  // What the session could not accept: the rejection's status is 413 or 431.
  virtual void reject(const Rejection& rejection, Instant now, Http2Responder& responder) = 0;
  // kPieces: more of the body; `end` after the last of it.
  virtual void data(std::string_view bytes, Http2Responder& responder) = 0;
  virtual void data_end(Http2Responder& responder) = 0;
  // The stream is gone before finish(): nothing more can be said on it.
  virtual void stream_closed(Http2Responder& responder) = 0;
  // Everything that came in one read was handed over: who collects requests to answer them together does it now.
  virtual void batch_end(Now now) = 0;
};

}  // namespace rateguard::http

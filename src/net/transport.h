// A connected, non-blocking socket, with or without TLS on it. One type and a branch rather than a virtual call: the
// plain path costs what recv() and send() cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;

namespace rateguard::net {

class TlsClientContext;
class TlsContext;

enum class IoStatus : uint8_t {
  kOk,         // `bytes` were moved: at least one
  kWantRead,   // try again when the socket is readable
  kWantWrite,  // try again when it is writable
  kEnd,        // the peer has sent all it will send
  kFailed,     // the connection is broken
};

struct IoResult {
  IoStatus status = IoStatus::kOk;
  size_t bytes = 0;
};

// Owns the descriptor.
class Transport {
 public:
  explicit Transport(int descriptor) : descriptor_(descriptor) {}
  ~Transport();
  // Takes the connection over; `other` has none afterwards.
  Transport(Transport&& other) noexcept;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  int descriptor() const { return descriptor_; }
  bool secure() const { return tls_ != nullptr; }

  IoResult receive(std::span<char> into);
  // May move only some of the bytes. After kWantRead or kWantWrite the next call starts with the same bytes.
  IoResult send(std::string_view bytes);

  // Speaks TLS from here on, as a server. False: out of memory.
  bool start_tls(const TlsContext& context);
  // Speaks TLS as a client of the server with that name or address, for which its certificate has to be valid. A name
  // is sent along (SNI, RFC 6066, section 3). `protocols` are offered by ALPN (RFC 7301), the best first. False: out of
  // memory.
  bool start_tls(const TlsClientContext& context, const std::string& host, std::span<const std::string> protocols = {});
  // Repeated until kOk, which moves no bytes.
  IoResult handshake();
  // Whether bytes are waiting that the socket's readiness does not show.
  bool has_pending() const;
  // The subject of the verified client certificate as RFC 4514 text; empty if there is none.
  std::string client_subject() const;

  // What ALPN has agreed on, such as "h2"; empty without TLS or ALPN.
  std::string_view protocol() const;

  // Why the peer's certificate was not accepted; empty if it was, or was not checked.
  std::string certificate_problem() const;
  // What broke TLS, in words: "wrong version number" where the peer does not speak it. Empty: nothing broke it, or the
  // connection below it broke.
  std::string tls_problem() const;

  // Says that nothing more will be sent; the peer may still be heard.
  void shut_down_sending();
  // As receive(), but gives the bytes on the wire, undecrypted.
  IoResult receive_plain(std::span<char> into);

 private:
  IoResult tls_result(int code);

  int descriptor_;
  ssl_st* tls_ = nullptr;
  unsigned long tls_error_ = 0;  // OpenSSL's code for what broke TLS; 0: nothing
};

}  // namespace rateguard::net

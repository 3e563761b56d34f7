// What a TLS server presents and asks for: TLS 1.2 and 1.3, ALPN (RFC 7301), a certificate, and, if a client authority
// is given, the client's certificate.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/settings/tls_files.h"

struct ssl_ctx_st;

namespace rateguard::net {

// What is spoken over TLS, as ALPN names it: "http/1.1", "h2"; the best first. A client that offers a list without any
// of them is refused; one that offers none is taken at its word. Empty: what clients offer is passed over.
using AlpnProtocols = std::vector<std::string>;

// Immutable. A reload makes a new one for new connections; open connections keep theirs.
class TlsContext {
 public:
  // Errors: kIo or kInvalid, naming the file and what is wrong with it.
  static Result<std::shared_ptr<const TlsContext>> create(const TlsFiles& files,
                                                          const AlpnProtocols& protocols = {"http/1.1"});
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // For Transport.
  ssl_ctx_st* native() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context);

  ssl_ctx_st* context_;
};

}  // namespace rateguard::net

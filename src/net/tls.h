// What a TLS server presents and asks for: TLS 1.2 and 1.3, ALPN (RFC 7301), a certificate, and, if a client authority
// is given, the client's certificate.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;

namespace rateguard::net {

// PEM files. The certificate's file holds its chain, leaf first.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca = {};  // empty: clients show nothing; else each must show a certificate that it signed
  // What is spoken over it, as ALPN names it: "http/1.1", "h2"; the best first. A client that offers a list without any
  // of them is refused; one that offers none is taken at its word. Empty: what clients offer is passed over.
  std::vector<std::string> protocols = {"http/1.1"};
};

// Immutable. A reload makes a new one for new connections; open connections keep theirs.
class TlsContext {
 public:
  // Errors: kIo or kInvalid, naming the file and what is wrong with it.
  static Result<std::shared_ptr<const TlsContext>> create(const TlsFiles& files);
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

// What a TLS client trusts and shows. The server's certificate is always verified, its name included: there is no way
// to turn that off.
#pragma once

#include <memory>

#include "base/result.h"
#include "net/settings/tls_files.h"

struct ssl_ctx_st;

namespace rateguard::net {

// Immutable.
class TlsClientContext {
 public:
  // Errors: kIo or kInvalid, naming the file and what is wrong with it.
  static Result<std::shared_ptr<const TlsClientContext>> create(const TlsClientFiles& files);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  // For Transport.
  ssl_ctx_st* native() const { return context_; }

 private:
  explicit TlsClientContext(ssl_ctx_st* context) : context_(context) {}

  ssl_ctx_st* context_;
};

}  // namespace rateguard::net

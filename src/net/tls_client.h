// What a TLS client trusts and shows. The server's certificate is always verified, its name included: there is no way
// to turn that off.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace rateguard::net {

// PEM files.
struct TlsClientFiles {
  std::string ca = {};           // the authorities to trust; empty: the system's
  std::string certificate = {};  // shown to a server that asks, its chain leaf first; empty: none
  std::string key = {};          // of the certificate
};

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

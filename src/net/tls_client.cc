#include "net/tls_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/tls_files.h"

namespace rateguard::net {
TlsClientContext::~TlsClientContext() {
  SSL_CTX_free(context_);
}

Result<std::shared_ptr<const TlsClientContext>> TlsClientContext::create(const TlsClientFiles& files) {
  ERR_clear_error();
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return fail(ErrorCode::kExhausted, "cannot set up TLS: out of memory");
  std::shared_ptr<const TlsClientContext> owner(new TlsClientContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);  // one recv takes whole records, not first their heads
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  refuse_pass_phrases(context);
  if (files.ca.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (SSL_CTX_load_verify_file(context, files.ca.c_str()) != 1) {
    return tls_file_error("the authority", files.ca);
  }
  if (files.certificate.empty() != files.key.empty()) {
    return invalid("a client certificate and its key are given together or not at all");
  }
  if (files.certificate.empty()) return owner;
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return tls_file_error("the certificate", files.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return tls_file_error("the key", files.key);
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return invalid("the key " + files.key + " does not belong to the certificate " + files.certificate);
  }
  return owner;
}

}  // namespace rateguard::net

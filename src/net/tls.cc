#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/check.h"
#include "net/tls_files.h"

namespace rateguard::net {
namespace {

// The index of a context's ALPN list in its SSL_CTX. The SSL_CTX owns it: a handshake under way keeps its SSL_CTX
// alive, and reads the list, after a reload has replaced the TlsContext that made it.
int protocols_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* list, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<std::string*>(list); });
  return index;
}

// Picks our protocol from the client's list; a list without one is refused, as RFC 7301, section 3.2 asks.
int select_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  const auto& list = *static_cast<const std::string*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), protocols_index()));
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned int>(list.size()), offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

Result<void> offer_protocols(SSL_CTX* context, const AlpnProtocols& protocols) {
  if (protocols.empty()) return {};
  auto list = std::make_unique<std::string>();
  for (const std::string& protocol : protocols) *list += static_cast<char>(protocol.size()) + protocol;
  if (SSL_CTX_set_ex_data(context, protocols_index(), list.get()) != 1) {
    return fail(ErrorCode::kExhausted, "cannot set up TLS: out of memory");
  }
  static_cast<void>(list.release());
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  return {};
}

Result<void> load_client_ca(SSL_CTX* context, const std::string& file) {
  if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) return tls_file_error("the client authority", file);
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr) return tls_file_error("the client authority", file);
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // Sessions of one authority must not be resumed under another.
  static constexpr unsigned char kSessionContext[] = "rateguard";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof(kSessionContext) - 1);
  return {};
}

}  // namespace

TlsContext::TlsContext(SSL_CTX* context) : context_(context) {}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::create(const TlsFiles& files, const AlpnProtocols& protocols) {
  ERR_clear_error();
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return fail(ErrorCode::kExhausted, "cannot set up TLS: out of memory");
  std::shared_ptr<const TlsContext> owner(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // For TLS 1.2 only ciphers with forward secrecy and authenticated encryption (RFC 9325, section 4.2); TLS 1.3 has no
  // others.
  RG_CHECK(SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1);
  // Tickets resume sessions without a cache on this side, and idle connections give their buffers back.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // one recv takes whole records, not first their heads
  refuse_pass_phrases(context);
  if (auto offered = offer_protocols(context, protocols); !offered) return std::unexpected(offered.error());
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return tls_file_error("the certificate", files.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return tls_file_error("the key", files.key);
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return invalid("the key " + files.key + " does not belong to the certificate " + files.certificate);
  }
  if (!files.client_ca.empty()) {
    if (auto loaded = load_client_ca(context, files.client_ca); !loaded) return std::unexpected(loaded.error());
  }
  return owner;
}

}  // namespace rateguard::net

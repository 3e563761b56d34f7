#include "net/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <utility>

#include "model/ip_address.h"
#include "net/tls.h"
#include "net/tls_client.h"

namespace rateguard::net {
namespace {

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

Transport::~Transport() {
  if (tls_ != nullptr) SSL_free(tls_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

Transport::Transport(Transport&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      tls_(std::exchange(other.tls_, nullptr)),
      tls_error_(other.tls_error_) {}

std::string_view Transport::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  if (tls_ != nullptr) SSL_get0_alpn_selected(tls_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

IoResult Transport::receive(std::span<char> into) {
  if (tls_ == nullptr) [[likely]]
    return receive_plain(into);
  size_t bytes = 0;
  const int code = SSL_read_ex(tls_, into.data(), into.size(), &bytes);
  return code == 1 ? IoResult{IoStatus::kOk, bytes} : tls_result(code);
}

IoResult Transport::receive_plain(std::span<char> into) {
  const ssize_t bytes = ::recv(descriptor_, into.data(), into.size(), 0);
  if (bytes > 0) [[likely]]
    return {IoStatus::kOk, static_cast<size_t>(bytes)};
  if (bytes == 0) return {IoStatus::kEnd, 0};
  return {would_block(errno) ? IoStatus::kWantRead : IoStatus::kFailed};
}

IoResult Transport::send(std::string_view bytes) {
  if (tls_ != nullptr) [[unlikely]] {
    size_t sent = 0;
    const int code = SSL_write_ex(tls_, bytes.data(), bytes.size(), &sent);
    return code == 1 ? IoResult{IoStatus::kOk, sent} : tls_result(code);
  }
  const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) [[likely]]
    return {IoStatus::kOk, static_cast<size_t>(sent)};
  return {would_block(errno) ? IoStatus::kWantWrite : IoStatus::kFailed};
}

IoResult Transport::tls_result(int code) {
  const int error = SSL_get_error(tls_, code);
  const unsigned long reason = ERR_peek_error();
  ERR_clear_error();  // the queue belongs to the thread, and the next connection must not find this one's errors
  switch (error) {
    case SSL_ERROR_WANT_READ:
      return {IoStatus::kWantRead};
    case SSL_ERROR_WANT_WRITE:
      return {IoStatus::kWantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::kEnd};
    default:
      // A peer that disconnects without close_notify has not broken TLS.
      if (error == SSL_ERROR_SSL && ERR_GET_REASON(reason) != SSL_R_UNEXPECTED_EOF_WHILE_READING) tls_error_ = reason;
      return {IoStatus::kFailed};
  }
}

bool Transport::start_tls(const TlsContext& context) {
  tls_ = SSL_new(context.native());
  if (tls_ == nullptr || SSL_set_fd(tls_, descriptor_) != 1) return false;
  SSL_set_accept_state(tls_);
  return true;
}

bool Transport::start_tls(const TlsClientContext& context, const std::string& host,
                          std::span<const std::string> protocols) {
  tls_ = SSL_new(context.native());
  if (tls_ == nullptr || SSL_set_fd(tls_, descriptor_) != 1) return false;
  std::string offer;  // each after its length in one byte
  for (const std::string& protocol : protocols) offer.append(1, static_cast<char>(protocol.size())).append(protocol);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(offer.data());
  if (!offer.empty() && SSL_set_alpn_protos(tls_, bytes, static_cast<unsigned>(offer.size())) != 0) return false;
  SSL_set_connect_state(tls_);
  if (IpAddress::parse(host)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_), host.c_str()) == 1;
  SSL_set_hostflags(tls_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(tls_, host.c_str()) == 1 && SSL_set_tlsext_host_name(tls_, host.c_str()) == 1;
}

IoResult Transport::handshake() {
  const int code = SSL_do_handshake(tls_);
  return code == 1 ? IoResult{IoStatus::kOk, 0} : tls_result(code);
}

bool Transport::has_pending() const {
  return tls_ != nullptr && SSL_has_pending(tls_) == 1;
}

std::string Transport::client_subject() const {
  if (tls_ == nullptr || SSL_get_verify_result(tls_) != X509_V_OK) return {};
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(tls_), &X509_free);
  if (!certificate) return {};
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), &BIO_free);
  if (!text || X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253) < 0)
    return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<size_t>(std::max(size, 0L))};
}

std::string Transport::certificate_problem() const {
  const long result = tls_ == nullptr ? X509_V_OK : SSL_get_verify_result(tls_);
  return result == X509_V_OK ? "" : X509_verify_cert_error_string(result);
}

std::string Transport::tls_problem() const {
  if (tls_error_ == 0) return "";
  const char* const reason = ERR_reason_error_string(tls_error_);
  return reason != nullptr ? reason : "unknown error";
}

void Transport::shut_down_sending() {
  if (tls_ != nullptr && SSL_is_init_finished(tls_)) {
    SSL_shutdown(tls_);  // close_notify; whether it goes out at once does not matter any more
    ERR_clear_error();
  }
  ::shutdown(descriptor_, SHUT_WR);
}

}  // namespace rateguard::net

// For tests: an authority of their own, and certificates that it signs.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "net/tls.h"
#include "net/tls_client.h"

namespace rateguard::net {

// Its files live in a folder of their own as long as it does.
class TestAuthority {
 public:
  TestAuthority() {
    std::string pattern = testing::TempDir() + "authority-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    certificate_ = sign("test authority", "", key_.get(), "critical,CA:TRUE");
    write_certificate("ca.pem", certificate_.get());
  }
  ~TestAuthority() { std::filesystem::remove_all(folder_); }
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // A server that is `name`, such as "DNS:example.org" or "IP:127.0.0.1", and offers `protocols` by ALPN.
  std::shared_ptr<const TlsContext> server(const std::string& name, const AlpnProtocols& protocols) {
    const Key key = make_key();
    const Certificate certificate = sign("server", name, key.get(), "CA:FALSE");
    write_certificate("server.pem", certificate.get());
    FILE* const file = std::fopen((folder_ / "server.key").c_str(), "w");
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    return TlsContext::create({.certificate = folder_ / "server.pem", .key = folder_ / "server.key"}, protocols)
        .value();
  }
  // A client that trusts this authority and no other.
  std::shared_ptr<const TlsClientContext> client() const {
    return TlsClientContext::create({.ca = folder_ / "ca.pem"}).value();
  }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

  static Key make_key() { return {EVP_EC_gen("P-256"), &EVP_PKEY_free}; }
  void write_certificate(const char* name, X509* certificate) const {
    FILE* const file = std::fopen((folder_ / name).c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
  }
  static void add_extension(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  Certificate sign(const char* common_name, const std::string& name, EVP_PKEY* key, const char* constraints) {
    Certificate made{X509_new(), &X509_free};
    X509* const certificate = made.get();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name), -1, -1,
                               0);
    X509_set_issuer_name(certificate, certificate_ ? X509_get_subject_name(certificate_.get()) : subject);
    add_extension(certificate, NID_basic_constraints, constraints);
    if (!name.empty()) add_extension(certificate, NID_subject_alt_name, name);
    EXPECT_GT(X509_sign(certificate, key_.get(), EVP_sha256()), 0);
    return made;
  }

  std::filesystem::path folder_;
  long serial_ = 0;
  Key key_ = make_key();
  Certificate certificate_{nullptr, &X509_free};
};

}  // namespace rateguard::net

// For tests only: the issuer's side of a token, which the program itself never takes.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace rateguard::identify::testing {

inline std::string encode_base64url(std::string_view bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    const size_t digits = bytes.size() - i >= 3 ? 4 : bytes.size() - i + 1;
    for (size_t j = 0; j < digits; ++j) text += kAlphabet[group >> (18 - 6 * j) & 63];
  }
  return text;
}

inline std::string signing_input(std::string_view header, std::string_view payload) {
  return encode_base64url(header) + "." + encode_base64url(payload);
}

inline std::string hs256_token(std::string_view secret, std::string_view header, std::string_view payload) {
  const std::string input = signing_input(header, payload);
  std::array<unsigned char, 32> mac = {};
  unsigned length = 0;
  RG_CHECK(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                reinterpret_cast<const unsigned char*>(input.data()), input.size(), mac.data(), &length) != nullptr);
  return input + "." + encode_base64url({reinterpret_cast<const char*>(mac.data()), length});
}

// A private key made for one test.
class Issuer {
 public:
  static Issuer rsa(unsigned bits) { return Issuer(EVP_RSA_gen(bits)); }
  static Issuer ec(const char* curve) { return Issuer(EVP_EC_gen(curve)); }

  std::string public_pem() const {
    return written([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key_.get()); });
  }
  std::string private_pem() const {
    return written(
        [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }

  std::string certificate_pem() const {
    const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key_.get());
    RG_CHECK(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0);
    return written([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  }

  std::string token(std::string_view header, std::string_view payload) const {
    const std::string input = signing_input(header, payload);
    return input + "." + encode_base64url(sign(input));
  }

  // Raw for EC keys, as JOSE has it.
  std::string sign(std::string_view message) const {
    std::string signature = sign_der(message);
    if (!EVP_PKEY_is_a(key_.get(), "EC")) return signature;
    const auto* at = reinterpret_cast<const unsigned char*>(signature.data());
    ECDSA_SIG* const parts = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size()));
    std::array<unsigned char, 64> raw = {};
    RG_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(parts), raw.data(), 32) == 32);
    RG_CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(parts), raw.data() + 32, 32) == 32);
    ECDSA_SIG_free(parts);
    return {reinterpret_cast<const char*>(raw.data()), raw.size()};
  }

  std::string sign_der(std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    size_t length = 0;
    RG_CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1);
    RG_CHECK(EVP_DigestSign(context.get(), nullptr, &length, bytes, message.size()) == 1);
    std::vector<unsigned char> signature(length);
    RG_CHECK(EVP_DigestSign(context.get(), signature.data(), &length, bytes, message.size()) == 1);
    return {reinterpret_cast<const char*>(signature.data()), length};
  }

 private:
  explicit Issuer(EVP_PKEY* key) : key_(key, EVP_PKEY_free) { RG_CHECK(key != nullptr); }

  template <typename Write>
  static std::string written(const Write& write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
    RG_CHECK(write(bio.get()) == 1);
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<size_t>(length)};
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

}  // namespace rateguard::identify::testing

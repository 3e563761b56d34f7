// One key: made from its parts, checked, and used. OpenSSL's errors are read if they help and never left in the
// thread's queue, where a TLS connection of the same thread would take them for its own.
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

#include <array>
#include <memory>

#include "identify/jwt_keys.h"

namespace rateguard::identify {
namespace {

// RFC 7518, section 3.2: a key at least as long as the hash's output.
constexpr size_t kSecretBytesMin = 32;
// RFC 7518, section 3.3.
constexpr int kRsaBitsMin = 2048;
// The work of one verification grows with its square; larger keys are not in use.
constexpr int kRsaBitsMax = 8192;
constexpr size_t kP256Bytes = 32;
constexpr size_t kSha256Bytes = 32;

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bignum = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;

// Drops, when it ends, what OpenSSL has added to its queue meanwhile.
class OpensslErrors {
 public:
  OpensslErrors() { ERR_set_mark(); }
  ~OpensslErrors() { ERR_pop_to_mark(); }
  OpensslErrors(const OpensslErrors&) = delete;
  OpensslErrors& operator=(const OpensslErrors&) = delete;
};

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Bignum to_bignum(std::string_view bytes) {
  return Bignum(BN_bin2bn(as_bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

// The key of that type and those parameters; null if OpenSSL rejects them, such as a point off its curve.
EVP_PKEY* key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) return nullptr;
  return key;
}

bool is_p256(EVP_PKEY* key) {
  std::array<char, 64> name = {};
  size_t length = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &length) != 1) return false;
  const std::string_view group(name.data(), length);
  return group == SN_X9_62_prime256v1 || group == "P-256";
}

bool verify_hmac(std::string_view secret, std::string_view message, std::string_view signature) {
  std::array<unsigned char, kSha256Bytes> expected = {};
  unsigned length = 0;
  if (signature.size() != expected.size()) return false;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), as_bytes(message), message.size(),
           expected.data(), &length) == nullptr) {
    return false;
  }
  return CRYPTO_memcmp(expected.data(), signature.data(), expected.size()) == 0;
}

bool verify_digest(EVP_PKEY* key, std::string_view message, std::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new());
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1) return false;
  return EVP_DigestVerify(context.get(), as_bytes(signature), signature.size(), as_bytes(message), message.size()) == 1;
}

// JOSE writes r and s side by side; OpenSSL reads them in DER.
bool verify_ecdsa(EVP_PKEY* key, std::string_view message, std::string_view signature) {
  if (signature.size() != 2 * kP256Bytes) return false;
  const EcSignature parts(ECDSA_SIG_new());
  Bignum r = to_bignum(signature.substr(0, kP256Bytes));
  Bignum s = to_bignum(signature.substr(kP256Bytes));
  if (!parts || !r || !s || ECDSA_SIG_set0(parts.get(), r.get(), s.get()) != 1) return false;
  (void)r.release();  // the signature's now
  (void)s.release();
  std::array<unsigned char, 80> der;  // two integers of at most 33 bytes, and three headers of two: 72
  const int length = i2d_ECDSA_SIG(parts.get(), nullptr);
  if (length <= 0 || static_cast<size_t>(length) > der.size()) return false;
  unsigned char* end = der.data();
  i2d_ECDSA_SIG(parts.get(), &end);
  return verify_digest(key, message, {reinterpret_cast<const char*>(der.data()), static_cast<size_t>(length)});
}

}  // namespace

std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view text) {
  if (text == "HS256") return JwtAlgorithm::kHs256;
  if (text == "RS256") return JwtAlgorithm::kRs256;
  if (text == "ES256") return JwtAlgorithm::kEs256;
  return std::nullopt;
}

Result<JwtKey> JwtKey::hmac(std::string secret) {
  if (secret.size() < kSecretBytesMin) {
    return invalid(fmt::format("an HS256 secret of {} bytes; at least {} are needed", secret.size(), kSecretBytesMin));
  }
  JwtKey key(JwtAlgorithm::kHs256);
  key.secret_ = std::move(secret);
  return key;
}

Result<JwtKey> JwtKey::rsa(std::string_view modulus, std::string_view exponent) {
  const OpensslErrors errors;
  if (modulus.size() > kRsaBitsMax / 8 || exponent.size() > kRsaBitsMax / 8) {
    return invalid(fmt::format("an RSA key of more than {} bits", kRsaBitsMax));
  }
  const Bignum n = to_bignum(modulus);
  const Bignum e = to_bignum(exponent);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return invalid("an RSA key that cannot be read");
  }
  EVP_PKEY* const key = key_from("RSA", builder.get());
  if (key == nullptr) return invalid("an RSA key whose modulus and exponent do not make one");
  return from_public_key(key);
}

Result<JwtKey> JwtKey::p256(std::string_view x, std::string_view y) {
  const OpensslErrors errors;
  if (x.size() != kP256Bytes || y.size() != kP256Bytes) {
    return invalid(fmt::format("a P-256 key whose x and y are not of {} bytes each", kP256Bytes));
  }
  std::string point = "\x04";  // uncompressed (SEC 1, section 2.3.3)
  point.append(x).append(y);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return invalid("a P-256 key that cannot be read");
  }
  EVP_PKEY* const key = key_from("EC", builder.get());
  if (key == nullptr) return invalid("a P-256 key whose x and y are not a point of the curve");
  return from_public_key(key);
}

Result<JwtKey> JwtKey::from_public_key(evp_pkey_st* owned) {
  const OpensslErrors errors;
  std::shared_ptr<EVP_PKEY> key(owned, EVP_PKEY_free);
  JwtAlgorithm algorithm = JwtAlgorithm::kRs256;
  if (EVP_PKEY_is_a(key.get(), "RSA")) {
    const int bits = EVP_PKEY_get_bits(key.get());
    if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
      return invalid(fmt::format("an RSA key of {} bits; {} to {} are accepted", bits, kRsaBitsMin, kRsaBitsMax));
    }
  } else if (EVP_PKEY_is_a(key.get(), "EC") && is_p256(key.get())) {
    algorithm = JwtAlgorithm::kEs256;
  } else {
    return invalid("a key that is neither RSA nor EC on the curve P-256");
  }
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!context || EVP_PKEY_public_check(context.get()) != 1) return invalid("a public key that fails OpenSSL's checks");
  JwtKey result(algorithm);
  result.public_key_ = std::move(key);
  return result;
}

bool JwtKey::verify(std::string_view message, std::string_view signature) const {
  const OpensslErrors errors;
  switch (algorithm_) {
    case JwtAlgorithm::kHs256:
      return verify_hmac(secret_, message, signature);
    case JwtAlgorithm::kRs256:
      return verify_digest(public_key_.get(), message, signature);
    case JwtAlgorithm::kEs256:
      return verify_ecdsa(public_key_.get(), message, signature);
  }
  return false;
}

}  // namespace rateguard::identify

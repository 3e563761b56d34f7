// The keys that tokens are verified with, read once from a file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace rateguard::identify {

// RFC 7518, section 3.1. A key has exactly one of them, so that it is never used with another algorithm (RFC 8725,
// section 2.1).
enum class JwtAlgorithm : uint8_t { kHs256, kRs256, kEs256 };

// The algorithm of a JOSE "alg"; none if it is not supported, which includes "none".
std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view text);

class JwtKey {
 public:
  // The parts of a public key as big-endian bytes. Errors: kInvalid if a key is too weak, malformed or not on its
  // curve.
  static Result<JwtKey> hmac(std::string secret);
  static Result<JwtKey> rsa(std::string_view modulus, std::string_view exponent);
  static Result<JwtKey> p256(std::string_view x, std::string_view y);
  // Takes ownership. RSA of 2048 to 8192 bits or EC P-256, checked.
  static Result<JwtKey> from_public_key(evp_pkey_st* key);

  JwtAlgorithm algorithm() const { return algorithm_; }
  const std::optional<std::string>& id() const { return id_; }  // "kid"
  void set_id(std::string id) { id_ = std::move(id); }

  // Whether `signature` (raw bytes; r and s of 32 bytes each for ES256, RFC 7518, section 3.4) is this key's over
  // `message`.
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  explicit JwtKey(JwtAlgorithm algorithm) : algorithm_(algorithm) {}

  JwtAlgorithm algorithm_;
  std::optional<std::string> id_;
  std::string secret_;                       // kHs256
  std::shared_ptr<evp_pkey_st> public_key_;  // the others; never changed once made
};

// Immutable once made; any thread may use it.
class JwtKeys {
 public:
  // Each token may have to be tried against all keys of its kind, so their number is bounded. Issuers publish two to
  // ten.
  static constexpr size_t kKeysMax = 32;

  // Reads a file of PEM public keys or certificates, one JWK, or a JWK Set (RFC 7517). Keys in a set for another
  // purpose are skipped silently, broken ones with a warning. Errors: kIo; kInvalid for anything else, a private key in
  // a set, and a file without a usable key, saying why and never repeating key material.
  static Result<JwtKeys> load(const std::string& path);
  static Result<JwtKeys> parse(std::string_view text);

  // Whether one of the keys made the signature. A token with a key's name, even an empty one, is tried with the keys of
  // that name and with unnamed keys; a token without, with all keys of its algorithm.
  bool verify(JwtAlgorithm algorithm, std::optional<std::string_view> id, std::string_view message,
              std::string_view signature) const;

  size_t size() const { return keys_.size(); }
  // A sentence for each broken key of a set, which was skipped.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  JwtKeys(std::vector<JwtKey> keys, std::vector<std::string> warnings)
      : keys_(std::move(keys)), warnings_(std::move(warnings)) {}

  std::vector<JwtKey> keys_;
  std::vector<std::string> warnings_;
};

}  // namespace rateguard::identify

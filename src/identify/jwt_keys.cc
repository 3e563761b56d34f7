#include "identify/jwt_keys.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/named_file.h"
#include "identify/base64url.h"

namespace rateguard::identify {
namespace {

namespace json = boost::json;

// kKeysMax certificates with all common extensions take a tenth of it.
constexpr size_t kFileBytesMax = 1 << 20;

constexpr std::string_view kExpected = "expected PEM public keys or certificates, or a JSON Web Key or Key Set";

// A member's value; null if it is absent. Serializers write absent members as null, so that is absent too.
const json::value* find_value(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

// A member that is a string; null if it is absent or not a string.
const json::string* find_string(const json::object& object, std::string_view name) {
  const json::value* value = find_value(object, name);
  return value == nullptr ? nullptr : value->if_string();
}

std::string_view text_of(const json::string* string) {
  return string == nullptr ? std::string_view() : std::string_view(string->data(), string->size());
}

Result<std::string> decoded_member(const json::object& jwk, std::string_view name) {
  const json::string* text = find_string(jwk, name);
  if (text == nullptr) return invalid(fmt::format("the member \"{}\" is missing or not a string", name));
  auto bytes = decode_base64url(text_of(text));
  if (!bytes) return invalid(fmt::format("the member \"{}\" is not base64url without padding", name));
  return *std::move(bytes);
}

Result<JwtKey> rsa_from_jwk(const json::object& jwk) {
  const auto modulus = decoded_member(jwk, "n");
  if (!modulus) return std::unexpected(modulus.error());
  const auto exponent = decoded_member(jwk, "e");
  if (!exponent) return std::unexpected(exponent.error());
  return JwtKey::rsa(*modulus, *exponent);
}

Result<JwtKey> p256_from_jwk(const json::object& jwk) {
  const auto x = decoded_member(jwk, "x");
  if (!x) return std::unexpected(x.error());
  const auto y = decoded_member(jwk, "y");
  if (!y) return std::unexpected(y.error());
  return JwtKey::p256(*x, *y);
}

Result<JwtKey> hmac_from_jwk(const json::object& jwk) {
  auto secret = decoded_member(jwk, "k");
  if (!secret) return std::unexpected(secret.error());
  return JwtKey::hmac(*std::move(secret));
}

// Whether a JWK says that it is for verifying signatures, or says nothing (RFC 7517, sections 4.2 and 4.3).
bool is_for_verifying(const json::object& jwk) {
  if (find_value(jwk, "use") != nullptr && text_of(find_string(jwk, "use")) != "sig") return false;
  const json::value* operations = find_value(jwk, "key_ops");
  if (operations == nullptr) return true;
  const json::array* list = operations->if_array();
  return list != nullptr && std::ranges::any_of(*list, [](const json::value& operation) {
           const json::string* text = operation.if_string();
           return text != nullptr && text_of(text) == "verify";
         });
}

// The algorithm that a JWK's type implies, regardless of its "alg".
std::optional<JwtAlgorithm> algorithm_of_type(const json::object& jwk) {
  const std::string_view type = text_of(find_string(jwk, "kty"));
  if (type == "oct") return JwtAlgorithm::kHs256;
  if (type == "RSA") return JwtAlgorithm::kRs256;
  if (type == "EC" && text_of(find_string(jwk, "crv")) == "P-256") return JwtAlgorithm::kEs256;
  return std::nullopt;
}

// Why a JWK gives no key. Sets are full of keys for other purposes, which is normal; a broken key is reported.
struct Unusable {
  enum class Kind : uint8_t {
    kForSomethingElse,
    kBroken,
    kPrivate,  // a private key, which does not belong in this file
  };
  Kind kind = Kind::kBroken;
  std::string why = {};
};

std::unexpected<Unusable> broken(std::string why) {
  return std::unexpected(Unusable{.why = std::move(why)});
}
std::unexpected<Unusable> for_something_else(std::string why) {
  return std::unexpected(Unusable{.kind = Unusable::Kind::kForSomethingElse, .why = std::move(why)});
}

std::expected<JwtKey, Unusable> key_from_jwk(const json::value& value) {
  const json::object* jwk = value.if_object();
  if (jwk == nullptr) return broken("not a JSON object");
  if (find_string(*jwk, "kty") == nullptr) return broken("the member \"kty\" is missing or not a string");
  const auto algorithm = algorithm_of_type(*jwk);
  if (!algorithm) return for_something_else("its type or curve is not for HS256, RS256 or ES256");
  if (find_value(*jwk, "alg") != nullptr && parse_jwt_algorithm(text_of(find_string(*jwk, "alg"))) != algorithm) {
    return for_something_else("its \"alg\" is not that of its type");
  }
  if (!is_for_verifying(*jwk)) return for_something_else("its \"use\" or \"key_ops\" is not to verify");
  if (*algorithm != JwtAlgorithm::kHs256 && find_value(*jwk, "d") != nullptr) {
    return std::unexpected(
        Unusable{.kind = Unusable::Kind::kPrivate, .why = "it holds a private key; only its public part belongs here"});
  }
  if (find_value(*jwk, "kid") != nullptr && find_string(*jwk, "kid") == nullptr) {
    return broken("the member \"kid\" is not a string");
  }
  Result<JwtKey> key = *algorithm == JwtAlgorithm::kHs256   ? hmac_from_jwk(*jwk)
                       : *algorithm == JwtAlgorithm::kRs256 ? rsa_from_jwk(*jwk)
                                                            : p256_from_jwk(*jwk);
  if (!key) return broken(std::move(key.error().message));
  if (const json::string* id = find_string(*jwk, "kid")) key->set_id(std::string(text_of(id)));
  return *std::move(key);
}

// How messages name a key of a set: by its position, and by its "kid" if that is printable text.
std::string name_of(size_t place, const json::value& value) {
  constexpr size_t kShownBytesMax = 64;
  const json::object* jwk = value.if_object();
  const std::string_view id = jwk == nullptr ? std::string_view() : text_of(find_string(*jwk, "kid"));
  const bool is_plain = std::ranges::all_of(id, [](char c) { return c >= ' ' && c <= '~' && c != '"'; });
  if (id.empty() || !is_plain || id.size() > kShownBytesMax) return fmt::format("key {} of the set", place);
  return fmt::format("key {} of the set (kid \"{}\")", place, id);
}

struct KeysRead {
  std::vector<JwtKey> keys = {};
  std::vector<std::string> warnings = {};  // a sentence for each broken key of a set
};

std::unexpected<Error> nothing_usable(const std::vector<std::string>& reasons) {
  constexpr size_t kReasonsMax = 8;
  std::string message = "it holds no key for HS256, RS256 or ES256";
  for (size_t i = 0; i < std::min(reasons.size(), kReasonsMax); ++i) message += "; " + reasons[i];
  if (reasons.size() > kReasonsMax) message += fmt::format("; and {} more", reasons.size() - kReasonsMax);
  return invalid(std::move(message));
}

// RFC 7517, section 5: keys that cannot be used are skipped.
Result<KeysRead> keys_from_set(const json::array& list) {
  KeysRead read;
  std::vector<std::string> reasons;
  for (size_t i = 0; i < list.size(); ++i) {
    auto key = key_from_jwk(list[i]);
    if (key) {
      read.keys.push_back(*std::move(key));
      continue;
    }
    const Unusable& unusable = key.error();
    reasons.push_back(fmt::format("{}: {}", name_of(i + 1, list[i]), unusable.why));
    if (unusable.kind == Unusable::Kind::kPrivate) return invalid(reasons.back());
    if (unusable.kind == Unusable::Kind::kBroken) {
      read.warnings.push_back(fmt::format("{} is skipped: {}", name_of(i + 1, list[i]), unusable.why));
    }
  }
  if (read.keys.empty()) return nothing_usable(reasons);
  return read;
}

Result<KeysRead> keys_from_json(std::string_view text) {
  json::error_code error;
  const json::value document = json::parse({text.data(), text.size()}, error);
  if (error) return invalid(fmt::format("not JSON ({}); {}", error.message(), kExpected));
  const json::object* object = document.if_object();
  if (object == nullptr) return invalid(std::string(kExpected));

  if (const json::value* set = find_value(*object, "keys")) {
    const json::array* list = set->if_array();
    if (list == nullptr) return invalid("the member \"keys\" of a JWK Set is an array");
    return keys_from_set(*list);
  }
  auto key = key_from_jwk(document);
  if (!key) {
    const std::string reason = fmt::format("the key: {}", key.error().why);
    return key.error().kind == Unusable::Kind::kForSomethingElse ? nothing_usable({reason}) : invalid(reason);
  }
  KeysRead read;
  read.keys.push_back(*std::move(key));
  return read;
}

struct PemBlock {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;

  PemBlock() = default;
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  ~PemBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(length));
  }
};

Result<JwtKey> key_from_pem_block(const PemBlock& block) {
  const std::string_view name = block.name;
  const unsigned char* at = block.data;
  EVP_PKEY* key = nullptr;
  if (name == PEM_STRING_PUBLIC) {
    key = d2i_PUBKEY(nullptr, &at, block.length);
  } else if (name == PEM_STRING_RSA_PUBLIC) {
    key = d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, block.length);
  } else if (name == PEM_STRING_X509) {
    const std::unique_ptr<X509, void (*)(X509*)> certificate(d2i_X509(nullptr, &at, block.length), X509_free);
    if (certificate) key = X509_get_pubkey(certificate.get());
  } else if (name.ends_with("PRIVATE KEY")) {
    return invalid("it is a private key; write its public part with: openssl pkey -in KEY -pubout");
  } else {
    return invalid(fmt::format("\"{}\" is neither a public key nor a certificate", name));
  }
  if (key == nullptr) return invalid(fmt::format("the {} cannot be read", name));
  return JwtKey::from_public_key(key);
}

Result<KeysRead> keys_from_pem(std::string_view text) {
  ERR_set_mark();
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
  KeysRead read;
  std::optional<Error> failure;
  for (size_t i = 1; !failure; ++i) {
    PemBlock block;
    if (PEM_read_bio(bio.get(), &block.name, &block.header, &block.data, &block.length) != 1) {
      if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        failure = Error{.message = fmt::format("PEM block {}: it is damaged", i)};
      }
      break;
    }
    auto key = key_from_pem_block(block);
    if (key) {
      read.keys.push_back(*std::move(key));
    } else {
      failure = Error{.message = fmt::format("PEM block {}: {}", i, key.error().message)};
    }
  }
  ERR_pop_to_mark();
  if (failure) return std::unexpected(*std::move(failure));
  return read;
}

}  // namespace

Result<JwtKeys> JwtKeys::parse(std::string_view text) {
  if (text.size() > kFileBytesMax) return invalid(fmt::format("a key file of more than {} bytes", kFileBytesMax));
  const size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && text[first] == '{';
  if (!is_json && text.find("-----BEGIN ") == std::string_view::npos) return invalid(std::string(kExpected));
  auto read = is_json ? keys_from_json(text) : keys_from_pem(text);
  if (!read) return std::unexpected(std::move(read.error()));
  if (read->keys.size() > kKeysMax) {
    return invalid(fmt::format("it holds {} keys; at most {} are accepted", read->keys.size(), kKeysMax));
  }
  return JwtKeys(std::move(read->keys), std::move(read->warnings));
}

Result<JwtKeys> JwtKeys::load(const std::string& path) {
  if (const auto good = check_named_file(path); !good) {
    return fail(ErrorCode::kIo, fmt::format("key file {}: {}", path, good.error().message));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kIo, fmt::format("key file {}: {}", path, std::strerror(errno)));
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return fail(ErrorCode::kIo, fmt::format("key file {}: {}", path, std::strerror(errno)));
  text.resize(static_cast<size_t>(file.gcount()));
  auto keys = parse(text);
  if (!keys) return invalid(fmt::format("key file {}: {}", path, keys.error().message));
  for (std::string& warning : keys->warnings_) warning = fmt::format("key file {}: {}", path, warning);
  return keys;
}

bool JwtKeys::verify(JwtAlgorithm algorithm, std::optional<std::string_view> id, std::string_view message,
                     std::string_view signature) const {
  return std::ranges::any_of(keys_, [&](const JwtKey& key) {
    if (key.algorithm() != algorithm) return false;
    if (id && key.id() && *key.id() != *id) return false;
    return key.verify(message, signature);
  });
}

}  // namespace rateguard::identify

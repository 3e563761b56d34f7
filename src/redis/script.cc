#include "redis/script.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "base/check.h"

namespace rateguard::redis {

Script::Script(std::initializer_list<std::string_view> pieces, ReplyKind answers) : answers_(answers) {
  for (const std::string_view piece : pieces) source_ += piece;
  std::array<unsigned char, 20> digest;  // SHA-1 has 160 bits
  size_t size = 0;
  RG_CHECK(EVP_Q_digest(nullptr, "SHA1", nullptr, source_.data(), source_.size(), digest.data(), &size) == 1);
  for (const unsigned char byte : digest) sha_ += fmt::format("{:02x}", byte);
}

}  // namespace rateguard::redis

#include "server/admin/password.h"

#include <argon2.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <array>

namespace rateguard::admin {
namespace {

// RFC 9106, section 3.1: 16 bytes suffice for salts of passwords, 32 bytes of tag for 128 bits of strength.
constexpr size_t kSaltBytes = 16;
constexpr size_t kTagBytes = 32;

std::string hashed(std::string_view password, const PasswordHasher::Options& options) {
  std::array<unsigned char, kSaltBytes> salt = {};
  if (getrandom(salt.data(), salt.size(), 0) != static_cast<ssize_t>(salt.size())) return {};
  std::string encoded(argon2_encodedlen(options.passes, options.memory_kib, 1, kSaltBytes, kTagBytes, Argon2_id), '\0');
  const int status = argon2id_hash_encoded(options.passes, options.memory_kib, 1, password.data(), password.size(),
                                           salt.data(), salt.size(), kTagBytes, encoded.data(), encoded.size());
  if (status != ARGON2_OK) return {};
  encoded.resize(encoded.find('\0'));
  return encoded;
}

}  // namespace

class PasswordHasher::Turn {
 public:
  explicit Turn(PasswordHasher& hasher) : hasher_(hasher), has_it_(hasher.take_turn()) {}
  ~Turn() {
    if (has_it_) hasher_.give_turn();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  explicit operator bool() const { return has_it_; }

 private:
  PasswordHasher& hasher_;
  const bool has_it_;
};

std::optional<std::string> problem_of_password(std::string_view password) {
  if (password.size() >= kPasswordBytesMin && password.size() <= kPasswordBytesMax) return std::nullopt;
  return fmt::format("expected {} to {} bytes, found {}", kPasswordBytesMin, kPasswordBytesMax, password.size());
}

PasswordHasher::PasswordHasher(Options options) : options_(options), nobodys_(hashed("", options)) {}

bool PasswordHasher::take_turn() {
  const HeldLock lock(mutex_);
  if (running_ >= options_.running_max) {
    if (waiting_ >= options_.waiting_max) return false;
    ++waiting_;
    while (running_ >= options_.running_max) changed_.wait(mutex_);
    --waiting_;
  }
  ++running_;
  return true;
}

void PasswordHasher::give_turn() {
  {
    const HeldLock lock(mutex_);
    --running_;
  }
  changed_.notify_all();
}

std::optional<std::string> PasswordHasher::hash(std::string_view password) {
  const Turn turn(*this);
  if (!turn) return std::nullopt;
  std::string encoded = hashed(password, options_);
  if (encoded.empty()) return std::nullopt;
  return encoded;
}

PasswordVerdict PasswordHasher::verify(std::string_view password, const std::optional<std::string>& encoded) {
  // Nobody has longer ones, and reading them would cost more.
  if (password.size() > kPasswordBytesMax) return PasswordVerdict::kWrong;
  const Turn turn(*this);
  if (!turn) return PasswordVerdict::kBusy;
  const std::string& against = encoded ? *encoded : nobodys_;
  const int status = argon2id_verify(against.c_str(), password.data(), password.size());
  if (status == ARGON2_MEMORY_ALLOCATION_ERROR) return PasswordVerdict::kBusy;
  return encoded && status == ARGON2_OK ? PasswordVerdict::kRight : PasswordVerdict::kWrong;
}

}  // namespace rateguard::admin

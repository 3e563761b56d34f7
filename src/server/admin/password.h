// Passwords of members: argon2id (RFC 9106), by libargon2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace rateguard::admin {

// Long enough that its length is what protects it (NIST SP 800-63B, section 5.1.1.2, asks for eight at least), and
// short enough to cost little to read.
inline constexpr size_t kPasswordBytesMin = 12;
inline constexpr size_t kPasswordBytesMax = 1'024;

// What is wrong with a new password; nullopt: nothing.
std::optional<std::string> problem_of_password(std::string_view password);

enum class PasswordVerdict : uint8_t {
  kRight,
  kWrong,
  kBusy,  // too many are being checked: ask again later
};

// Hashing takes 19 MiB and some tens of milliseconds on purpose, so only a few are hashed at a time and few may wait.
// Any thread; blocks.
class PasswordHasher {
 public:
  struct Options {
    // At a time: two take 38 MiB, and leave the processors to those who ask for decisions.
    int running_max = 2;
    // Above it: kBusy. Some hundred milliseconds' worth.
    int waiting_max = 8;
    // The second of OWASP's settings of equal strength
    // (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
    uint32_t memory_kib = 19'456;
    uint32_t passes = 2;
  };

  PasswordHasher() : PasswordHasher(Options()) {}
  explicit PasswordHasher(Options options);
  PasswordHasher(const PasswordHasher&) = delete;
  PasswordHasher& operator=(const PasswordHasher&) = delete;

  // In its own text form: "$argon2id$v=19$m=19456,t=2,p=1$...". nullopt: busy, or the system has no memory or no random
  // bytes.
  std::optional<std::string> hash(std::string_view password);
  // `encoded` as hash() gives it. Without one the answer is kWrong, and takes as long as any other.
  PasswordVerdict verify(std::string_view password, const std::optional<std::string>& encoded);

 private:
  // While one lives, its owner may hash.
  class Turn;
  bool take_turn();
  void give_turn();

  const Options options_;
  const std::string nobodys_;  // the hash of no password
  Mutex mutex_;
  Condition changed_;
  int running_ RG_GUARDED_BY(mutex_) = 0;
  int waiting_ RG_GUARDED_BY(mutex_) = 0;
};

}  // namespace rateguard::admin

// Text that is shown once, to its owner, and to nobody else: an API key, a token.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace rateguard::catalog {

// It is neither formatted nor printed nor compared by accident: code that wants the text says reveal(), which is easily
// found. Overwritten when it is no longer needed.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string text) : text_(std::move(text)) {}
  ~SecretText() { wipe(); }
  SecretText(SecretText&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  SecretText& operator=(SecretText&& other) noexcept;
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;

  std::string_view reveal() const { return text_; }

 private:
  void wipe();

  std::string text_;
};

}  // namespace rateguard::catalog

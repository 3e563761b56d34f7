#include "catalog/keys/secret_text.h"

#include <openssl/crypto.h>

namespace rateguard::catalog {

SecretText& SecretText::operator=(SecretText&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  text_ = std::move(other.text_);
  other.wipe();
  return *this;
}

// A moved-from short string may still have its characters.
void SecretText::wipe() {
  text_.resize(text_.capacity());
  OPENSSL_cleanse(text_.data(), text_.size());
  text_.clear();
}

}  // namespace rateguard::catalog

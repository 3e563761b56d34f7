// A copy of a short text that is replaced again and again: cheaper than std::string, where every assignment is a call.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace rateguard::simulate {

class ReusedText {
 public:
  void assign(std::string_view text) {
    size_ = text.size();
    if (size_ <= inline_.size()) {
      text.copy(inline_.data(), size_);
    } else {
      long_.assign(text);
    }
  }
  std::string_view view() const { return size_ <= inline_.size() ? std::string_view(inline_.data(), size_) : long_; }

 private:
  size_t size_ = 0;
  std::array<char, 104> inline_ = {};  // most paths and keys; with the rest, a whole number of cache lines
  std::string long_ = {};
};

}  // namespace rateguard::simulate

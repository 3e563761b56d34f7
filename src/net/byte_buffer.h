// Bytes that wait: appended at the end, taken from the front. Unlike a string it does not zero what it reserves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace rateguard::net {

class ByteBuffer {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  std::span<char> bytes() { return {data_.get(), size_}; }
  std::string_view view() const { return {data_.get(), size_}; }

  // All free space, at least `count` bytes; commit() says how many of them were written.
  std::span<char> room(size_t count) {
    if (capacity_ - size_ < count) grow(size_ + count);
    return {data_.get() + size_, capacity_ - size_};
  }
  void commit(size_t count) { size_ += count; }

  void append(std::string_view text) {
    if (text.empty()) return;  // its data may be null
    if (capacity_ - size_ < text.size()) grow(size_ + text.size());
    std::memcpy(data_.get() + size_, text.data(), text.size());
    size_ += text.size();
  }
  void append(char c) { append(std::string_view(&c, 1)); }
  // Keeps the first `count` bytes. REQUIRES: count <= size().
  void truncate(size_t count) { size_ = count; }
  // Drops `count` bytes at the front. REQUIRES: count <= size().
  void consume(size_t count) {
    size_ -= count;
    std::memmove(data_.get(), data_.get() + count, size_);
  }
  void clear() { size_ = 0; }
  // Empties it and gives the memory back.
  void release() {
    data_.reset();
    size_ = capacity_ = 0;
  }

 private:
  void grow(size_t needed) {
    constexpr size_t kFirst = 512;  // most requests and answers fit it
    const size_t capacity = std::max({needed, capacity_ * 2, kFirst});
    auto data = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) std::memcpy(data.get(), data_.get(), size_);
    data_ = std::move(data);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace rateguard::net

// A table from (scope, text) to a number: filled once, then read by any number of threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::rules {

// Open addressing with linear probing, at most half full, so that a search examines about one slot, however many
// entries there are. The hash needs no key: only the author of the rules adds entries, and a search is bounded by the
// longest run of full slots.
class FlatIndex {
 public:
  // The value of `text` in `scope`, nullopt if there is none. No allocation.
  std::optional<uint32_t> find(uint32_t scope, std::string_view text) const;
  // Adds an entry, or returns the value of the existing one. REQUIRES: text.size() < 65536, and all texts together stay
  // below 4 GiB.
  uint32_t find_or_add(uint32_t scope, std::string_view text, uint32_t value);

  size_t size() const { return size_; }

 private:
  // Four to a cache line: with many entries a search is as slow as the memory it touches.
  struct Slot {
    uint32_t hash = 0;  // 0: free
    uint32_t scope = 0;
    uint32_t value = 0;
    uint32_t text = 0;  // offset in texts_: the size in two bytes, then the bytes
  };

  bool holds(const Slot& slot, uint32_t scope, std::string_view text) const;
  void grow();

  std::vector<Slot> slots_;
  std::string texts_;
  size_t size_ = 0;
};

}  // namespace rateguard::rules

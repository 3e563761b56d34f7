// Each distinct byte string once, numbered from 0 in order of first sight: what makes an event a few integers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace rateguard::simulate {

// Owns its strings; the views it gives live as long as it does. Not thread-safe.
//
// Open addressing with a keyed hash (a process-wide random key), so that no log can be written to make it slow. Memory:
// the bytes, and about 32 more per distinct string.
class Interner {
 public:
  Interner();
  Interner(Interner&&) noexcept = default;
  Interner& operator=(Interner&&) noexcept = default;

  // The number of `text`; a new one where it was not seen before. REQUIRES: fewer than 2^32 - 1 distinct strings.
  uint32_t intern(std::string_view text);
  // The number of a string that was seen; nullopt where it was not.
  std::optional<uint32_t> find(std::string_view text) const;
  std::string_view text(uint32_t id) const { return texts_[id]; }
  uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t id_plus_one = 0;  // 0: empty
  };

  uint32_t add(std::string_view text, Slot& slot, uint32_t hash);
  std::string_view store(std::string_view text);
  void grow();

  std::vector<Slot> slots_;
  std::vector<std::string_view> texts_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;
  size_t free_bytes_ = 0;
};

// The keyed hash above, for other tables of the replay.
uint64_t hash_bytes(std::string_view text);

}  // namespace rateguard::simulate

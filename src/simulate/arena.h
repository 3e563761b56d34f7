// Bytes whose addresses stay valid until the arena is destroyed.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "simulate/huge_pages.h"

namespace rateguard::simulate {

class Arena {
 public:
  // A copy that lives as long as the arena.
  std::string_view store(std::string_view bytes);

 private:
  struct Free {
    size_t size = 0;
    void operator()(char* block) const { HugePageAllocator<char>().deallocate(block, size); }
  };

  void add_block(size_t at_least);

  std::vector<std::unique_ptr<char[], Free>> blocks_;
  char* free_ = nullptr;
  size_t free_bytes_ = 0;
};

}  // namespace rateguard::simulate

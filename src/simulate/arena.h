// Bytes that stay where they are until all of them go.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace rateguard::simulate {

class Arena {
 public:
  // A copy that lives as long as the arena.
  std::string_view store(std::string_view bytes);

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;
  size_t free_bytes_ = 0;
};

}  // namespace rateguard::simulate

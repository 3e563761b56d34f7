// Builds zone files, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rateguard::zoneinfo {

struct TzifFile {
  char version = '2';
  std::vector<std::pair<int64_t, uint8_t>> changes = {};  // an instant, and the number of the local time from then on
  std::vector<int32_t> offsets_s = {0};                   // of local times
  uint32_t leaps = 0;
  std::string footer = "\nUTC0\n";

  static std::string big_endian(uint64_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
    return text;
  }
  std::string header(uint64_t times, uint64_t types, uint64_t name_bytes, uint64_t leap_count) const {
    std::string text = "TZif";
    text += version;
    text.append(15, '\0');
    for (const uint64_t count : {uint64_t{0}, uint64_t{0}, leap_count, times, types, name_bytes}) {
      text += big_endian(count, 4);
    }
    return text;
  }
  std::string bytes() const {
    std::string text = header(0, 1, 4, 0) + big_endian(0, 6) + std::string("UTC\0", 4);
    text += header(changes.size(), offsets_s.size(), 4, leaps);
    for (const auto& [at_s, type] : changes) text += big_endian(static_cast<uint64_t>(at_s), 8);
    for (const auto& [at_s, type] : changes) text += static_cast<char>(type);
    for (const int32_t offset_s : offsets_s) text += big_endian(static_cast<uint32_t>(offset_s), 4) + big_endian(0, 2);
    text += std::string("UTC\0", 4);
    text.append(size_t{leaps} * 12, '\0');
    return text + footer;
  }
};

}  // namespace rateguard::zoneinfo

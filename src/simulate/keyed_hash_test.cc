#include "simulate/keyed_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

namespace rateguard::simulate {
namespace {

TEST(KeyedHash, TellsLengthsAndSingleBytesApart) {
  std::set<std::pair<uint64_t, uint64_t>> seen;
  size_t texts = 0;
  const auto add = [&](const std::string& text) {
    const KeyedHash hash = keyed_hash(text);
    EXPECT_EQ(hash, keyed_hash(std::string(text)));
    seen.emplace(hash.low, hash.high);
    ++texts;
  };
  for (size_t size = 0; size < 100; ++size) {
    std::string text(size, '\0');
    add(text);
    for (size_t at = 0; at < size; ++at) {
      text[at] = 1;
      add(text);
      text[at] = 0;
    }
  }
  EXPECT_EQ(seen.size(), texts);
}

}  // namespace
}  // namespace rateguard::simulate

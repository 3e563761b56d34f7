#include "store/memory/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace rateguard::memory {
namespace {

TEST(Crc32c, IsThatOfTheStandard) {
  // RFC 3720, appendix B.4, and the customary check value.
  EXPECT_EQ(crc32c(0, std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(0, std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c(0, std::string("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c(0, std::string()), 0u);
}

TEST(Crc32c, PiecesGiveWhatTheWholeGives) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<char>(i * 37));
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    const uint32_t first = crc32c(0, std::string(bytes, 0, cut));
    EXPECT_EQ(crc32c(first, std::string(bytes, cut)), crc32c(0, bytes)) << cut;
  }
}

}  // namespace
}  // namespace rateguard::memory

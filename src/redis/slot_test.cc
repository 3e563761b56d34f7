#include "redis/slot.h"

#include <gtest/gtest.h>

namespace rateguard::redis {
namespace {

// CLUSTER KEYSLOT of a Redis 7.0 server.
TEST(Slot, AgreesWithRedis) {
  EXPECT_EQ(slot_of("123456789"), 0x31c3);  // the specification's test vector
  EXPECT_EQ(slot_of(""), 0);
  EXPECT_EQ(slot_of("foo"), 12182);
}

TEST(Slot, TakesTheFirstHashTagThatIsNotEmpty) {
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("user1000"));
  EXPECT_EQ(slot_of("a{user1000}b{x}"), slot_of("user1000"));
  EXPECT_NE(slot_of("foo{}{bar}"), slot_of("bar"));
  EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
  EXPECT_NE(slot_of("foo{bar"), slot_of("bar"));
}

}  // namespace
}  // namespace rateguard::redis

#include "server/access.h"

#include <gtest/gtest.h>

#include <vector>

namespace rateguard::server {
namespace {

TEST(Access, TokensAreComparedWhole) {
  const std::vector<std::string> tokens = {"abc", "a-longer-one"};
  EXPECT_TRUE(holds_token(tokens, "abc"));
  EXPECT_TRUE(holds_token(tokens, "a-longer-one"));
  for (const char* wrong : {"", "a", "ab", "abd", "abca", "abcabc", "a-longer-on", "A-longer-one"}) {
    EXPECT_FALSE(holds_token(tokens, wrong)) << wrong;
  }
  EXPECT_FALSE(holds_token({}, "abc"));
  EXPECT_FALSE(holds_token(std::vector<std::string>{""}, ""));
}

TEST(Access, AdminCallsAreForAdminTokensOrForThisMachine) {
  const std::vector<std::string> callers = {"t"};
  const std::vector<std::string> admins = {"root"};
  const auto admin = [](std::string_view token, Peer peer, Tokens tokens) {
    return check_access(Access::kAdmin, token, peer, tokens);
  };
  EXPECT_EQ(admin("", Peer::kDirectLocal, {}), AccessVerdict::kGranted);
  EXPECT_EQ(admin("", Peer::kOther, {}), AccessVerdict::kNotLocal);
  EXPECT_EQ(admin("t", Peer::kOther, {.callers = callers, .admins = {}}), AccessVerdict::kNotLocal);
  EXPECT_EQ(admin("t", Peer::kDirectLocal, {.callers = callers, .admins = admins}), AccessVerdict::kNotAdmin);
  EXPECT_EQ(admin("root", Peer::kOther, {.callers = callers, .admins = admins}), AccessVerdict::kGranted);
  EXPECT_EQ(admin("x", Peer::kDirectLocal, {.callers = callers, .admins = {}}), AccessVerdict::kBadToken);
}

TEST(Access, ATokenIsAskedForWhereOneIsConfigured) {
  const std::vector<std::string> callers = {"t"};
  EXPECT_EQ(check_access(Access::kToken, "", Peer::kOther, {}), AccessVerdict::kGranted);
  EXPECT_EQ(check_access(Access::kToken, "", Peer::kDirectLocal, {.callers = callers, .admins = {}}),
            AccessVerdict::kNoToken);
  EXPECT_EQ(check_access(Access::kToken, "t", Peer::kOther, {.callers = callers, .admins = {}}),
            AccessVerdict::kGranted);
  EXPECT_EQ(check_access(Access::kAny, "", Peer::kOther, {.callers = callers, .admins = {}}), AccessVerdict::kGranted);
}

}  // namespace
}  // namespace rateguard::server

#include "redis/error_reply.h"

#include <gtest/gtest.h>

#include "redis/info.h"

namespace rateguard::redis {
namespace {

std::string_view code_of(std::string_view text) {
  return kKnownErrors[known_error(text)].code;
}

TEST(ErrorReply, IsKnownByItsFirstWord) {
  EXPECT_EQ(code_of("READONLY You can't write against a read only replica."), "READONLY");
  EXPECT_EQ(code_of("READONLY"), "READONLY");
  EXPECT_EQ(code_of("MOVED 12182 ?:7001"), "MOVED");
  EXPECT_EQ(code_of("ERR unknown command 'X'"), "ERR");
  EXPECT_EQ(code_of("READONLYISH x"), "other");
  EXPECT_EQ(code_of("RGWINDOW 17"), "other");
  EXPECT_EQ(code_of(""), "other");
}

// The texts of Redis before 7, then of Redis 7.0.15 and Valkey 9.1.2.
TEST(ErrorReply, IsRecognisedInsideAScriptInEveryVersion) {
  EXPECT_EQ(code_of("ERR Error running script (call to f_5f0b): @user_script:1: @user_script: 1: -READONLY You can't "
                    "write against a read only replica. "),
            "READONLY");
  EXPECT_EQ(code_of("ERR Error running script (call to f_5f0b): @user_script:1: @user_script: 1: -OOM command not "
                    "allowed when used memory > 'maxmemory'. "),
            "OOM");
  EXPECT_EQ(code_of("ERR Error running script (call to f_5f0b): @user_script:1: user_script:1: attempt to index a nil"),
            "ERR");
  EXPECT_EQ(code_of("READONLY You can't write against a read only replica. script: db8d, on @user_script:1."),
            "READONLY");
  EXPECT_EQ(code_of("ERR The user executing the script can't run this command or subcommand script: db8d, on "
                    "@user_script:1."),
            "NOPERM");
  EXPECT_EQ(code_of("ERR ACL failure in script: User me has no permissions to run the 'set' command script: on "
                    "@user_script:1."),
            "NOPERM");
}

TEST(ErrorReply, IsExplainedWhereItsOwnTextSaysTooLittle) {
  EXPECT_EQ(explain_error("MOVED 12182 ?:7001"),
            "MOVED 12182 ?:7001 (that is another node's; a Cluster is named under cluster, not url)");
  EXPECT_EQ(explain_error("ERR unknown command 'X'"), "ERR unknown command 'X'");
}

TEST(InfoField, IsTheValueOfAWholeLine) {
  const std::string_view info = "# Server\r\nredis_version:7.0.15\r\nredis_mode:cluster\r\nempty:\r\nlast:1";
  EXPECT_EQ(info_field(info, "redis_mode"), "cluster");
  EXPECT_EQ(info_field(info, "last"), "1");
  EXPECT_EQ(info_field(info, "empty"), "");
  EXPECT_EQ(info_field(info, "mode"), "");
  EXPECT_EQ(info_field(info, "redis_vers"), "");
  EXPECT_EQ(info_field("", "last"), "");
}

}  // namespace
}  // namespace rateguard::redis

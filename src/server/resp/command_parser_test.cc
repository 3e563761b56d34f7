#include "server/resp/command_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace rateguard::resp {
namespace {

using Status = CommandParser::Status;
using Words = std::vector<std::string>;

Words words_of(const CommandParser& parser) {
  return {parser.arguments().begin(), parser.arguments().end()};
}

std::string array_of(const Words& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return out;
}

std::string error_of(std::string_view bytes, Caller caller = Caller::kKnown) {
  CommandParser parser;
  return parser.parse(bytes, caller) == Status::kError ? parser.error() : "no error";
}

Words parsed(std::string_view bytes) {
  CommandParser parser;
  EXPECT_EQ(parser.parse(bytes, Caller::kKnown), Status::kCommand) << bytes;
  EXPECT_EQ(parser.consumed(), bytes.size()) << bytes;
  return words_of(parser);
}

TEST(CommandParser, ReadsArraysOfBulkStrings) {
  EXPECT_EQ(parsed("*1\r\n$4\r\nPING\r\n"), Words{"PING"});
  EXPECT_EQ(parsed("*2\r\n$4\r\nECHO\r\n$0\r\n\r\n"), (Words{"ECHO", ""}));
  EXPECT_EQ(parsed(std::string_view("*2\r\n$4\r\nECHO\r\n$3\r\n\0\r\n\r\n", 23)),
            (Words{"ECHO", std::string("\0\r\n", 3)}));
  EXPECT_EQ(parsed("*0\r\n"), Words{});
  EXPECT_EQ(parsed("*-1\r\n"), Words{});
}

TEST(CommandParser, ReadsInlineCommands) {
  EXPECT_EQ(parsed("PING\r\n"), Words{"PING"});
  EXPECT_EQ(parsed("  cl.throttle  a\t1 2 3 \n"), (Words{"cl.throttle", "a", "1", "2", "3"}));
  EXPECT_EQ(parsed("\r\n"), Words{});
}

TEST(CommandParser, InlineQuotesAreThoseOfRedis) {
  EXPECT_EQ(parsed("ECHO \"a b\\n\\x41\\\"\"\n"), (Words{"ECHO", "a b\nA\""}));
  EXPECT_EQ(parsed("ECHO 'a \\'b\\n'\n"), (Words{"ECHO", "a 'b\\n"}));
  EXPECT_EQ(parsed("ECHO \"\"\n"), (Words{"ECHO", ""}));
  EXPECT_EQ(parsed("ECHO a\"b c\"\n"), (Words{"ECHO", "ab c"}));
  EXPECT_EQ(error_of("ECHO \"a\n"), "Protocol error: unbalanced quotes in request");
  EXPECT_EQ(error_of("ECHO 'a\n"), "Protocol error: unbalanced quotes in request");
  EXPECT_EQ(error_of("ECHO \"a\"b\n"), "Protocol error: unbalanced quotes in request");
  EXPECT_EQ(error_of("ECHO 'a''b'\n"), "Protocol error: unbalanced quotes in request");
}

TEST(CommandParser, RefusesInTheWordsOfRedis) {
  const std::string count = "Protocol error: invalid multibulk length";
  const std::string length = "Protocol error: invalid bulk length";
  for (const char* bytes : {"*a\r\n", "*1x\r\n", "*\r\n", "*+1\r\n", "*1\rx", "*1000000\r\n", "*1025\r\n",
                            "*99999999999999999999\r\n", "* 1\r\n", "*--1\r\n"}) {
    EXPECT_EQ(error_of(bytes), count) << bytes;
  }
  for (const char* bytes : {"*1\r\n$a\r\n", "*1\r\n$-1\r\n", "*1\r\n$\r\n", "*1\r\n$536870912\r\n", "*1\r\n$65537\r\n",
                            "*1\r\n$4\r\nPINGxx", "*1\r\n$4\r\nPING\rx", "*1\r\n$99999999999999999999\r\n"}) {
    EXPECT_EQ(error_of(bytes), length) << bytes;
  }
  EXPECT_EQ(error_of("*1\r\n:1\r\n"), "Protocol error: expected '$', got ':'");
  EXPECT_EQ(error_of("*1\r\n*1\r\n$4\r\nPING\r\n"), "Protocol error: expected '$', got '*'");
  EXPECT_EQ(error_of("*1\r\n\r\n"), "Protocol error: expected '$', got '?'");
  EXPECT_EQ(error_of(std::string(kInlineBytesMax, 'a')), "Protocol error: too big inline request");
}

TEST(CommandParser, ACommandIsBoundedAsAWhole) {
  std::string bytes = "*100\r\n";
  for (int i = 0; i < 100; ++i) bytes += "$8000\r\n" + std::string(8000, 'x') + "\r\n";
  EXPECT_EQ(error_of(bytes), "Protocol error: too big mbulk request");
  // It is known from the lengths, before the bytes are there.
  EXPECT_EQ(error_of(bytes.substr(0, kCommandBytesMax)), "Protocol error: too big mbulk request");
}

TEST(CommandParser, AStrangerMaySayLittle) {
  EXPECT_EQ(error_of("*11\r\n", Caller::kStranger), "Protocol error: unauthenticated multibulk length");
  EXPECT_EQ(error_of("*11\r\n", Caller::kKnown), "no error");
  EXPECT_EQ(error_of("*1\r\n$16385\r\n", Caller::kStranger), "Protocol error: unauthenticated bulk length");
  EXPECT_EQ(error_of("*1\r\n$16385\r\n", Caller::kKnown), "no error");
}

// Whatever comes, byte by byte: nothing is decided before its last byte is there, and what it asks for is never more
// than there will be.
void expect_split_anywhere(const std::string& bytes, const Words& expected) {
  CommandParser parser;
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(parser.parse(std::string_view(bytes).substr(0, size), Caller::kKnown), Status::kNeedMore) << size;
    ASSERT_GT(parser.wanted(), size);
    ASSERT_LE(parser.wanted(), bytes.size());
  }
  ASSERT_EQ(parser.parse(bytes, Caller::kKnown), Status::kCommand);
  EXPECT_EQ(words_of(parser), expected);
  const std::string more = bytes + "*1\r\n$4\r\nPING\r\n";
  ASSERT_EQ(parser.parse(more, Caller::kKnown), Status::kCommand);
  EXPECT_EQ(parser.consumed(), bytes.size());
  EXPECT_EQ(words_of(parser), expected);
}

TEST(CommandParser, IsSplitAtEveryByte) {
  expect_split_anywhere("*6\r\n$11\r\nCL.THROTTLE\r\n$3\r\nk\r\n\r\n$2\r\n15\r\n$2\r\n30\r\n$2\r\n60\r\n$0\r\n\r\n",
                        {"CL.THROTTLE", "k\r\n", "15", "30", "60", ""});
  expect_split_anywhere("CL.THROTTLE \"a b\" 15 30 60\r\n", {"CL.THROTTLE", "a b", "15", "30", "60"});
  expect_split_anywhere("*0\r\n", {});
}

RC_GTEST_PROP(CommandParser, GivesBackWhatWasWritten, (const Words& words)) {
  RC_PRE(!words.empty());
  const std::string bytes = array_of(words);
  CommandParser parser;
  RC_ASSERT(parser.parse(bytes, Caller::kKnown) == Status::kCommand);
  RC_ASSERT(words_of(parser) == words);
  RC_ASSERT(parser.consumed() == bytes.size());
  const size_t cut = *rc::gen::inRange<size_t>(0, bytes.size());
  RC_ASSERT(parser.parse(std::string_view(bytes).substr(0, cut), Caller::kKnown) == Status::kNeedMore);
}

// Depth: arrays in arrays are refused at the second level, so that there is nothing to recurse into.
TEST(CommandParser, RefusesDepth) {
  std::string bytes;
  for (int i = 0; i < 128; ++i) bytes += "*1\r\n";
  EXPECT_EQ(error_of(bytes), "Protocol error: expected '$', got '*'");
}

}  // namespace
}  // namespace rateguard::resp

// Bodies as trees: what is read, and what is refused with which words.
#include "server/admin/json_node.h"

#include <gtest/gtest.h>

#include <string>

namespace rateguard::admin {
namespace {

std::string problem(std::string_view text) {
  const auto node = parse_json_object(text);
  return node ? "none" : node.error().field + ": " + node.error().detail;
}

TEST(JsonNodeTest, ATextIsWhatItsTreeSaysAgain) {
  for (const char* const text :
       {R"({})", R"({"a":1,"b":[true,false,null],"c":{"d":"e"}})", R"({"n":-9223372036854775808,"x":1.50})",
        R"({"a":[[],[{}],{"b":[1,[2]]}],"z":"\"\\\n"})", R"({"":"ключ"})"}) {
    const auto node = parse_json_object(text);
    ASSERT_TRUE(node.has_value()) << text;
    EXPECT_EQ(node->to_json(), text);
  }
  EXPECT_EQ(parse_json_object(R"({"a":"\ud83d\ude00"})")->find("a")->text, "😀");
}

TEST(JsonNodeTest, WhatIsNoObjectIsRefused) {
  EXPECT_EQ(problem(""), "body: is empty; expected a JSON object");
  EXPECT_EQ(problem("[1]"), "body: expected a JSON object, found an array");
  EXPECT_EQ(problem("\"x\""), "body: expected a JSON object, found \"x\"");
  EXPECT_EQ(problem("{} x"), "body: has text after its JSON value, at byte 4");
  EXPECT_TRUE(problem("{'a':1}").starts_with("body: is not valid JSON, at byte "));
  EXPECT_TRUE(problem("{\"a\":1,}").starts_with("body: is not valid JSON, at byte "));
  EXPECT_TRUE(problem("{\"a\":\"\xff\"}").starts_with("body: is not valid JSON, at byte "));
  EXPECT_TRUE(problem("{\"a\":01}").starts_with("body: is not valid JSON, at byte "));
}

TEST(JsonNodeTest, AMemberThatComesTwiceIsNamed) {
  EXPECT_EQ(problem(R"({"name":"a","name":"b"})"), "name: came twice");
  EXPECT_EQ(problem(R"({"limits":{"chat":"1/s","chat":"2/s"}})"), "chat: came twice");
  EXPECT_EQ(problem(R"({"a":{"x":1},"b":{"x":1}})"), "none");
}

// Each name is compared with those before it: without a bound a body of a megabyte would hold a thread for minutes.
TEST(JsonNodeTest, MembersOfAnObjectAreBounded) {
  const auto with_members = [](int count) {
    std::string text = "{\"a0\":0";
    for (int i = 1; i < count; ++i) text += ",\"a" + std::to_string(i) + "\":0";
    return parse_json_object(text + "}");
  };
  EXPECT_TRUE(with_members(1'000).has_value());
  ASSERT_FALSE(with_members(1'001).has_value());
  EXPECT_EQ(with_members(1'001).error().detail, "has more than 1000 members in one object");
}

TEST(JsonNodeTest, DepthIsBounded) {
  const auto nested = [](int depth) {
    return "{\"a\":" + std::string(static_cast<size_t>(depth), '[') + std::string(static_cast<size_t>(depth), ']') +
           '}';
  };
  EXPECT_EQ(problem(nested(15)), "none");
  EXPECT_TRUE(problem(nested(16)).starts_with("body: is not valid JSON"));
  EXPECT_TRUE(problem(nested(100'000)).starts_with("body: is not valid JSON"));
}

}  // namespace
}  // namespace rateguard::admin

#include "rules/path_pattern.h"

#include <gtest/gtest.h>

namespace rateguard::rules {
namespace {

std::string shape(std::string_view text) {
  const auto pattern = PathPattern::parse(text);
  if (!pattern) return pattern.error().message;
  std::string shape;
  for (const auto& segment : pattern->segments) shape += "/" + (segment.any ? "<any>" : segment.literal);
  return shape + (pattern->prefix ? "/..." : "");
}

TEST(PathPattern, Shapes) {
  EXPECT_EQ(shape("/"), "");
  EXPECT_EQ(shape("/login"), "/login");
  EXPECT_EQ(shape("/login/"), "/login");
  EXPECT_EQ(shape("/api/*"), "/api/...");
  EXPECT_EQ(shape("/*"), "/...");
  EXPECT_EQ(shape("/users/{id}"), "/users/<any>");
  EXPECT_EQ(shape("/users/{user_id}/posts/*"), "/users/<any>/posts/...");
  EXPECT_EQ(shape("/caf\xC3\xA9/%7e"), "/caf%C3%A9/~");
  EXPECT_EQ(shape("/a/%2A"), "/a/*");
  EXPECT_TRUE(PathPattern::parse("/users/{id}")->is_route());
  EXPECT_TRUE(PathPattern::parse("/users/{id}/*")->is_route());
  EXPECT_TRUE(PathPattern::parse("/users")->is_route());
  EXPECT_FALSE(PathPattern::parse("/users/*")->is_route());
}

TEST(PathPattern, SaysWhatIsWrong) {
  EXPECT_EQ(shape("login"), "bad path 'login': it must begin with '/'");
  EXPECT_EQ(shape(""), "bad path '': it must begin with '/'");
  EXPECT_EQ(shape("/a?b"), "bad path '/a?b': rules compare the path alone; leave out the query and the fragment");
  EXPECT_EQ(shape("/a*"), "bad path '/a*': '*' may only stand alone at the end, as in /api/*");
  EXPECT_EQ(shape("/*/a"), "bad path '/*/a': '*' may only stand alone at the end, as in /api/*");
  EXPECT_EQ(shape("/*/"), "bad path '/*/': '*' may only stand alone at the end, as in /api/*");
  EXPECT_EQ(shape("/{id}.json"), "bad path '/{id}.json': a brace stands for one whole segment, as in /users/{id}");
  for (const char* text : {"/{}", "/{a b}", "/{a", "/a}", "/{a}{b}"})
    EXPECT_TRUE(shape(text).contains("brace")) << text;
  for (const char* text : {"/a//b", "/./a", "/a/..", "/%2e%2e/a", "//"}) {
    EXPECT_TRUE(shape(text).contains("empty and dot segments")) << text;
  }
  EXPECT_TRUE(PathPattern::parse("/" + std::string(1023, 'a')).has_value());
  EXPECT_FALSE(PathPattern::parse("/" + std::string(1024, 'a')).has_value());
}

}  // namespace
}  // namespace rateguard::rules

#include "rules/path_pattern.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

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

// Each of these was taken letter by letter and matched nothing.
TEST(PathPattern, OtherToolsSpellingsAreRefusedWithOurs) {
  const auto says = [](std::string_view path) {
    const std::string text = shape(path);
    return text.substr(std::min(text.find("': ") + 3, text.size()));
  };
  const auto letters = [](std::string_view segment, std::string_view ours) {
    return fmt::format("'{}' would be compared letter by letter; write {}", segment, ours);
  };
  EXPECT_EQ(says("/users/:id"), letters(":id", "/users/{id}"));
  EXPECT_EQ(says("/users/:id(\\d+)/posts/:post"), letters(":id(\\d+)", "/users/{id}/posts/{post}"));
  EXPECT_EQ(says("/files/:path*"), letters(":path*", "/files/*"));
  EXPECT_EQ(says("/users/<id>"), letters("<id>", "/users/{id}"));
  EXPECT_EQ(says("/users/<int:user_id>/x"), letters("<int:user_id>", "/users/{user_id}/x"));
  EXPECT_EQ(says("/files/<path:rest>"), letters("<path:rest>", "/files/*"));
  EXPECT_EQ(says("/users/{id:[0-9]+}"), letters("{id:[0-9]+}", "/users/{id}"));
  EXPECT_EQ(says("/users/{id:[^/]+}/x"), letters("{id:[^/]+}", "/users/{id}/x"));
  EXPECT_EQ(says("/users/{id:int}"), letters("{id:int}", "/users/{id}"));
  EXPECT_EQ(says("/files/{rest:.*}"), letters("{rest:.*}", "/files/*"));
  EXPECT_EQ(says("/files/{rest...}"), letters("{rest...}", "/files/*"));
  EXPECT_EQ(says("/files/{*rest}"), letters("{*rest}", "/files/*"));
  EXPECT_EQ(says("/users/[id]"), letters("[id]", "/users/{id}"));
  EXPECT_EQ(says("/docs/[...slug]"), letters("[...slug]", "/docs/*"));
  EXPECT_EQ(says("/static/**"), letters("**", "/static/*"));
  EXPECT_EQ(says("/static/**/x"), letters("**", "/static/*"));
  EXPECT_EQ(says("/static/*filepath"), letters("*filepath", "/static/*"));

  constexpr std::string_view kNoRegexp =
      "there are no regular expressions; write a template such as /users/{id}, or a prefix such as /api/*";
  for (const char* text : {"^/users/[0-9]+$", "^/login", "/login$", "/users/[0-9]+", "/users/\\d+", "/(a|b)", "~ ^/api",
                           "/api/.*", "/api/.+", "/v[12]/x", "/users/([^/]+)"}) {
    EXPECT_EQ(says(text), kNoRegexp) << text;
  }
  EXPECT_EQ(says("*"), "leave path out for every path");
  EXPECT_EQ(says("/a*"), "'*' stands for whole segments; write /a/* for /a and everything below it");
  EXPECT_EQ(says("/*/a"), "'*' may only stand at the end; write {name} for one segment, as in /users/{id}/posts");
  EXPECT_EQ(says("/*.php"), "'*' may only stand alone at the end, as in /api/*");
  EXPECT_EQ(says("https://example.com/login"), "leave out scheme and host, which go into match.host; write /login");
  EXPECT_EQ(says("GET /login"), "the method goes into match.method; write /login");
  EXPECT_EQ(says("/a, /b"), "several paths are a list; write [/a, /b]");
}

TEST(PathPattern, CharactersOfRealPathsAreTakenLiterally) {
  EXPECT_EQ(shape("/v1/things:cancel"), "/v1/things:cancel");
  EXPECT_EQ(shape("/v1/%3Aid"), "/v1/:id");
  EXPECT_EQ(shape("/odata/$metadata"), "/odata/$metadata");
  EXPECT_EQ(shape("/odata/Products(1)"), "/odata/Products(1)");
  EXPECT_EQ(shape("/a+b/c,d;v=1/@me/~x/f.json"), "/a+b/c,d;v=1/@me/~x/f.json");
  EXPECT_EQ(shape("/%5Bid%5D"), "/%5Bid%5D");
}

}  // namespace
}  // namespace rateguard::rules

#include "suggest/route_name.h"

#include <gtest/gtest.h>

#include "rules/path_pattern.h"

namespace rateguard::suggest {
namespace {

std::string read_route(std::string_view path) {
  std::string out;
  route_of(MethodKind::kRead, path, out);
  return out;
}
std::string write_route(std::string_view path) {
  std::string out;
  route_of(MethodKind::kWrite, path, out);
  return out;
}

TEST(RouteName, AReadIsOfThePartOfTheSite) {
  EXPECT_EQ(read_route("/"), "/");
  EXPECT_EQ(read_route("/favicon.ico"), "/favicon.ico");
  EXPECT_EQ(read_route("/blog/2015/a-title"), "/blog/*");
  EXPECT_EQ(read_route("/blog/"), "/blog");
  EXPECT_EQ(read_route("/api/v1/items/17"), "/api/v1/items/*");
  EXPECT_EQ(read_route("/api/v12/items"), "/api/v12/items");
  EXPECT_EQ(read_route("/4711/photo"), "/{id}/*");
  EXPECT_EQ(read_route("//a//b"), "/a/*");
}

TEST(RouteName, AWriteIsOfItsWholePathWithIdsInBraces) {
  EXPECT_EQ(write_route("/login"), "/login");
  EXPECT_EQ(write_route("/users/17/messages"), "/users/{id}/messages");
  EXPECT_EQ(write_route("/o/550e8400-e29b-41d4-a716-446655440000"), "/o/{id}");
  EXPECT_EQ(write_route("/t/9fXq3kPz7LmN2vTb"), "/t/{id}");
  EXPECT_EQ(write_route("/a/b/c/d/e/f/g/h/i/j"), "/a/b/c/d/e/f/g/h/*");
  EXPECT_EQ(write_route("/internationalisation"), "/internationalisation");
}

TEST(RouteName, IsAlwaysAPatternThatARuleTakesOrNone) {
  for (const std::string_view path :
       {"", "*", "a/b", "/{x}", "/*", "/a/*", "/a/{b}/c", "/a?b", "/%2e%2e/x", "/a b", "/../../etc", "/\xFF\xFE",
        "/a\"b", "/a/./b", "/x/\n", "/{", "/**", "/wp-login.php"}) {
    for (const MethodKind kind : {MethodKind::kRead, MethodKind::kWrite}) {
      std::string out;
      route_of(kind, path, out);
      EXPECT_TRUE(out.empty() || rules::PathPattern::parse(out).has_value()) << path << " gave " << out;
    }
  }
}

TEST(RouteName, EndsBeforeASegmentThatLooksLikeAListOfPaths) {
  std::string route;
  route_of(MethodKind::kWrite, "/shop/a,/b", route);
  EXPECT_EQ(route, "/shop/*");
  route_of(MethodKind::kWrite, "/shop/a,b", route);
  EXPECT_EQ(route, "/shop/a,b");
}

TEST(RouteName, KnowsFilesThatCostNothing) {
  for (const char* path : {"/favicon.ico", "/style2.CSS", "/images/a.png", "/x/app.min.js", "/robots.txt"}) {
    EXPECT_TRUE(is_static_file(path)) << path;
  }
  for (const char* path : {"/", "/blog", "/search.php", "/v1.2/items", "/css", "/a.png/b", "/.js"}) {
    EXPECT_FALSE(is_static_file(path)) << path;
  }
}

TEST(RouteName, KnowsWhereSecretsAreChecked) {
  for (const char* path : {"/login", "/user/sign-in", "/api/v1/auth/token", "/wp-login.php", "/password_reset",
                           "/Sessions", "/accounts/signup", "/oauth2/authorize", "/xmlrpc.php"}) {
    EXPECT_TRUE(is_login_like(path)) << path;
  }
  for (const char* path : {"/", "/author/7", "/blog/logins-explained", "/items", "/tokenizer", "/discover"}) {
    EXPECT_FALSE(is_login_like(path)) << path;
  }
}

}  // namespace
}  // namespace rateguard::suggest

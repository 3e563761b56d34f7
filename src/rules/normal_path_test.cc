#include "rules/normal_path.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>

namespace rateguard::rules {
namespace {

std::string normal(std::string_view path) {
  std::string buffer;
  return std::string(normal_path(path, buffer));
}

TEST(NormalPath, OneSpellingForAll) {
  struct Case {
    std::string_view path, expected;
  };
  for (const auto& [path, expected] : std::initializer_list<Case>{
           {"/login", "/login"},
           {"/%6Cogin", "/login"},
           {"/%6cogin", "/login"},
           {"//login", "/login"},
           {"/./login", "/login"},
           {"/login/", "/login"},
           {"/login//", "/login"},
           {"/login/.", "/login"},
           {"/x/../login", "/login"},
           {"/x/%2e%2E/login", "/login"},
           {"/%2e/login", "/login"},
           {"/../../login", "/login"},
           {"/login?next=/x", "/login"},
           {"/login/?a", "/login"},
           {"/login#fragment", "/login"},
           {"/login?a#b/..", "/login"},
           {"login", "/login"},
           {"", "/"},
           {"/", "/"},
           {"//", "/"},
           {"?q", "/"},
           {"/?q", "/"},
           {"/..", "/"},
           {"*", "/*"},
           {"/a/b/../c", "/a/c"},
           {"/a/b/..", "/a"},
           {"/a/...", "/a/..."},
           {"/.hidden", "/.hidden"},
           {"/..a/b", "/..a/b"},
           {"/a.b", "/a.b"},
           {"/Login", "/Login"},
           {"/a%2Fb", "/a%2Fb"},
           {"/a%2fb", "/a%2Fb"},
           {"/a%2f..", "/a%2F.."},
           {"/a%3fb", "/a%3Fb"},
           {"/%40me", "/@me"},
           {"/a%3Bb;c", "/a;b;c"},
           {"/caf\xC3\xA9", "/caf%C3%A9"},
           {"/caf%c3%a9", "/caf%C3%A9"},
           {"/a b", "/a%20b"},
           {"/a%20b", "/a%20b"},
           {"/%", "/%25"},
           {"/%2", "/%252"},
           {"/%zz", "/%25zz"},
           {"/%25zz", "/%25zz"},
           {"/%252e%252e/login", "/%252e%252e/login"},
           {std::string_view("/a\0b", 4), "/a%00b"},
           {"/%00", "/%00"},
           {"/{id}", "/%7Bid%7D"},
       }) {
    EXPECT_EQ(normal(path), expected) << path;
  }
}

TEST(NormalPath, ANormalPathIsNotCopied) {
  std::string buffer = "untouched";
  for (const std::string_view path :
       {"/", "/login", "/a/b.c/d-e_f~g", "/%2F%C3%A9", "/.well-known/x", "/a/?q=%zz//", "/a/#"}) {
    const std::string_view result = normal_path(path, buffer);
    EXPECT_EQ(result.data(), path.data()) << path;
    EXPECT_EQ(buffer, "untouched") << path;
  }
}

TEST(RoutePath, KeepsSlashesAndNothingElse) {
  const auto route = [](std::string_view path) {
    std::string buffer;
    return std::string(route_path(path, buffer));
  };
  EXPECT_EQ(route("/blog/"), "/blog/");
  EXPECT_EQ(route("/blog/?page=2"), "/blog/");
  EXPECT_EQ(route("//a//b"), "//a//b");
  EXPECT_EQ(route("/%62log"), "/blog");
  EXPECT_EQ(route("/a/./b/../c"), "/a/c");
  EXPECT_EQ(route("/a/b/.."), "/a/");  // RFC 3986, section 5.2.4: what is left names a directory
  EXPECT_EQ(route("/a/%2e"), "/a/");
  EXPECT_EQ(route("/a//.."), "/a/");
  EXPECT_EQ(route("/.."), "/");
  EXPECT_EQ(route(""), "/");
  EXPECT_EQ(route("blog"), "/blog");
}

TEST(SplitTarget, AbsoluteForm) {
  const auto split = [](std::string_view target) {
    const RequestTarget parts = split_target(target);
    return std::string(parts.authority) + "|" + std::string(parts.path);
  };
  EXPECT_EQ(split("/a?b"), "|/a?b");
  EXPECT_EQ(split("http://example.com/login?x"), "example.com|/login?x");
  EXPECT_EQ(split("HTTPS://u@example.com:8443"), "u@example.com:8443|");
  EXPECT_EQ(split("http://example.com?x=/y"), "example.com|?x=/y");
  EXPECT_EQ(split("/go?to=http://example.com/"), "|/go?to=http://example.com/");
  EXPECT_EQ(split("a/b://c"), "|a/b://c");
  EXPECT_EQ(split("://c"), "|://c");
  EXPECT_EQ(split("*"), "|*");
  EXPECT_EQ(split(""), "|");
}

// Paths made of the pieces that normalisation is about.
rc::Gen<std::string> tricky_path() {
  static const std::array<std::string, 22> kPieces = {"/",   "//",  ".",    "..",  "a",   "login", "%6C", "%6c",
                                                      "%2e", "%2E", "%2f",  "%2F", "%",   "%2",    "%zz", "?",
                                                      "#",   " ",   "\xC3", ";",   "%25", "*"};
  return rc::gen::map(rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, kPieces.size())),
                      [](const std::vector<size_t>& picks) {
                        std::string path;
                        for (const size_t pick : picks) path += kPieces[pick];
                        return path;
                      });
}

TEST(RoutePath, IsTheSameWhereTheNormalPathIsKnown) {
  EXPECT_TRUE(rc::check([] {
    const std::string path = *tricky_path();
    std::string normal_buffer;
    std::string route_buffer;
    std::string expected_buffer;
    const std::string_view normal = normal_path(path, normal_buffer);
    RC_ASSERT(route_path(path, normal, route_buffer) == route_path(path, expected_buffer));
  }));
}

TEST(NormalPath, IsIdempotentAndWellFormed) {
  EXPECT_TRUE(rc::check("normal", [] {
    const std::string path = *tricky_path();
    const std::string once = normal(path);
    RC_ASSERT(normal(once) == once);
    RC_ASSERT(once.starts_with('/'));
    RC_ASSERT(once.size() == 1 || !once.ends_with('/'));
    RC_ASSERT(!once.contains("//"));
    RC_ASSERT(!(once + "/").contains("/./"));
    RC_ASSERT(!(once + "/").contains("/../"));
    RC_ASSERT(once.find_first_of("?# ") == std::string::npos);
    std::string untouched;
    RC_ASSERT(normal_path(once, untouched).data() == once.data());
  }));
}

TEST(NormalPath, EncodingAnUnreservedOctetChangesNothing) {
  EXPECT_TRUE(rc::check("encoded", [] {
    const std::string path =
        "/" + *rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcXYZ019-._~!@:/")));
    std::string encoded;
    for (const char c : path) {
      if (c != '/' && *rc::gen::arbitrary<bool>()) {
        char triplet[4];
        std::snprintf(triplet, sizeof triplet, *rc::gen::arbitrary<bool>() ? "%%%02x" : "%%%02X",
                      static_cast<unsigned>(c));
        encoded += triplet;
      } else {
        encoded += c;
      }
    }
    RC_ASSERT(normal(encoded) == normal(path));
  }));
}

}  // namespace
}  // namespace rateguard::rules

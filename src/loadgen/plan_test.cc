#include "loadgen/plan.h"

#include <gtest/gtest.h>

namespace rateguard::loadgen {
namespace {

TEST(Target, ReadsUrls) {
  for (const auto& [url, text] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"http://127.0.0.1:8080", "http://127.0.0.1:8080/check"},
           {"http://example.com", "http://example.com:8080/check"},
           {"http://example.com:81/", "http://example.com:81/check"},
           {"http://[::1]:81/a/b?c=d", "http://[::1]:81/a/b?c=d"},
           {"http://[::1]", "http://[::1]:8080/check"},
           {"redis://h", "redis://h:6380"},
           {"resp://h:1/", "redis://h:1"},
           {"grpc://h", "grpc://h:8081"},
       }) {
    const auto target = Target::parse(url);
    ASSERT_TRUE(target) << url;
    EXPECT_EQ(target->to_string(), text);
  }
  for (const std::string_view bad : {"", "h:80", "https://h", "http://", "http://:80", "http://h:0", "http://h:65536",
                                     "http://h:8x", "redis://h/0", "http://u@h", "http://h/a b", "http://[::1"}) {
    EXPECT_FALSE(Target::parse(bad)) << bad;
  }
}

TEST(Plan, ReportsValuesOutOfBounds) {
  const auto problem = [](auto change) {
    Plan plan{.questions = 1};
    change(plan);
    const auto checked = check_plan(plan);
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(problem([](Plan&) {}), "");
  EXPECT_EQ(problem([](Plan& plan) { plan.depth = 0; }), "--depth: expected 1 to 10000");
  EXPECT_EQ(problem([](Plan& plan) { plan.threads = 60; }),
            "--connections: expected at least as many as --threads, and at most 100000");
  EXPECT_EQ(problem([](Plan& plan) { plan.rate = 0; }), "--rate: expected a number above 0, and at most 1e8");
  EXPECT_EQ(problem([](Plan& plan) { plan.refused = 1.5; }), "--refused: expected a share from 0 to 1");
  EXPECT_EQ(problem([](Plan& plan) { plan.questions.reset(); }), "a run ends after a duration or a number of requests");
  EXPECT_EQ(problem([](Plan& plan) { plan.command = "PING"; }), "--command is for redis:// targets");
  EXPECT_EQ(problem([](Plan& plan) { plan.headers = {"a: b\r\nc: d"}; }),
            "a header, a method and a token have no line breaks");
  EXPECT_EQ(problem([](Plan& plan) {
              plan.target.protocol = Protocol::kResp;
              plan.body = "{}";
            }),
            "--body, --method and --header are for http:// targets");
}

}  // namespace
}  // namespace rateguard::loadgen

// The settings of the admin API: what is refused, and what is warned of.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/serve/front_ends.h"
#include "app/serve/prepared.h"
#include "config/config.h"

namespace rateguard::app {
namespace {

config::Config with_catalog(const std::string& yaml) {
  auto config = config::parse("listen: {grpc: off, resp: off}\ndata_dir: /data\n" + yaml, "f");
  EXPECT_TRUE(config.has_value()) << config.error().to_string();
  return config.value_or(config::Config());
}

// The warnings that name the admin API.
std::vector<std::string> warnings(const std::string& yaml) {
  std::vector<std::string> found;
  for (const Error& warning : warnings_about(with_catalog(yaml))) {
    if (warning.message.contains("admin")) found.push_back(warning.to_string());
  }
  return found;
}

TEST(AdminFrontTest, ItListensWhereThereIsACatalogAndItIsNotOff) {
  EXPECT_EQ(kAdminFront.endpoint(with_catalog(""))->to_string(), "127.0.0.1:8088");
  EXPECT_EQ(kAdminFront.endpoint(with_catalog("admin: {listen: '[::1]:9000'}"))->to_string(), "[::1]:9000");
  EXPECT_FALSE(kAdminFront.endpoint(with_catalog("admin: {listen: off}")).has_value());
  EXPECT_FALSE(kAdminFront.endpoint(with_catalog("catalog: {url: off}")).has_value());
  EXPECT_FALSE(kAdminFront.endpoint(config::Config()).has_value());
}

TEST(AdminFrontTest, ItSharesNoPortWithAnotherListener) {
  const auto good = check_ports(with_catalog("admin: {listen: '127.0.0.1:8080'}"));
  ASSERT_FALSE(good.has_value());
  EXPECT_TRUE(good.error().message.starts_with("listen.http and admin.listen both listen on port 8080"))
      << good.error().message;
}

TEST(AdminFrontTest, SecretsInClearOnOtherAddressesThanLoopbackAreWarnedOf) {
  EXPECT_TRUE(warnings("").empty());
  EXPECT_TRUE(warnings("admin: {listen: '0.0.0.0:8088', public_url: 'https://admin.example.com'}").empty());
  EXPECT_EQ(warnings("admin: {listen: '0.0.0.0:8088'}"),
            (std::vector<std::string>{"f:3:17: admin.listen: 0.0.0.0:8088 is not a loopback address, and tokens and "
                                      "passwords are sent in clear; expected listen.tls, or a proxy with TLS and its "
                                      "https:// address as admin.public_url"}));
}

TEST(AdminFrontTest, AWeakTokenIsRefusedAndNotShown) {
  const auto config = config::parse("admin: {token: short-secret}", "f");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().to_string(),
            "f:1:16: admin.token: expected at least 20 visible characters of ASCII, such as those of: openssl rand "
            "-hex 32");
  const auto url = config::parse("admin: {public_url: 'https://a.example/admin'}", "f");
  ASSERT_FALSE(url.has_value());
  EXPECT_TRUE(url.error().message.contains("without a path")) << url.error().message;
  for (const std::string text : {"https://Admin.example", "https://a.example:443", "http://a.example:80"}) {
    const auto other = config::parse("admin: {public_url: '" + text + "'}", "f");
    ASSERT_FALSE(other.has_value()) << text;
    EXPECT_TRUE(other.error().message.contains("as browsers write it")) << other.error().message;
  }
  EXPECT_TRUE(config::parse("admin: {public_url: 'https://a.example:80'}", "f").has_value());
}

}  // namespace
}  // namespace rateguard::app

#include "catalog/postgres/postgres_url.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "catalog/postgres/postgres_connection.h"

namespace rateguard::catalog {
namespace {

TEST(PostgresUrlTest, IsKnownByItsScheme) {
  for (const std::string_view url : {"postgres://", "postgresql://a@b/c"}) EXPECT_TRUE(is_postgres_url(url)) << url;
  for (const std::string_view url : {"", "postgres:", "sqlite:catalog.db", "Postgres://a", "host=a"}) {
    EXPECT_FALSE(is_postgres_url(url)) << url;
  }
}

TEST(PostgresUrlTest, TheNameHasNoCredentials) {
  EXPECT_EQ(postgres_name("postgres://u:pass@db:5432/rg?sslmode=require&password=x"), "postgres://db:5432/rg");
  EXPECT_EQ(postgres_name("postgresql://db/rg"), "postgres://db/rg");
  EXPECT_EQ(postgres_name("postgres://u:p@ss:/w@db/rg"), "postgres://db/rg");
  EXPECT_EQ(postgres_name("postgres://u@a:1,b:2/rg"), "postgres://a:1,b:2/rg");
}

TEST(PostgresUrlTest, WhatTheUrlSaysIsLeftAsItIs) {
  EXPECT_EQ(postgres_url_with_defaults("postgres://h/d"),
            "postgres://h/d?connect_timeout=5&tcp_user_timeout=10000&keepalives_idle=10&keepalives_interval=5"
            "&client_encoding=UTF8&application_name=rateguard");
  EXPECT_EQ(postgres_url_with_defaults("postgres://h/d?application_name=x&sslmode=require&connect_timeout=1"),
            "postgres://h/d?application_name=x&sslmode=require&connect_timeout=1&tcp_user_timeout=10000"
            "&keepalives_idle=10&keepalives_interval=5&client_encoding=UTF8");
}

TEST(PostgresUrlTest, PasswordsAreTakenOutOfMessages) {
  EXPECT_EQ(without_password("cannot read postgres://u:s3cret@h", "postgres://u:s3cret@h"),
            "cannot read postgres://u:***@h");
  EXPECT_EQ(without_password("a?b and a%3Fb", "postgres://u:a%3Fb@h"), "*** and ***");
  EXPECT_EQ(without_password("oh s3cret", "postgres://u@h/d?sslmode=x&password=s3cret&y=z"), "oh ***");
  EXPECT_EQ(without_password("nothing", "postgres://u:@h"), "nothing");
}

TEST(PostgresConnectionTest, AUrlThatCannotBeReadIsRefusedWithoutItsPassword) {
  for (const std::string url :
       {"postgres://u:s3cret@127.0.0.1:notaport/d", "postgres://u:s3cret@127.0.0.1/d?x=y", "postgres://u:s3cret@[::1/d",
        "postgres://u:s3cret@127.0.0.1/d?sslmode=never", "postgres://u:s3%zzcret@127.0.0.1/d"}) {
    const auto refused = PostgresConnection::open(url);
    ASSERT_FALSE(refused.has_value()) << url;
    EXPECT_EQ(refused.error().fault, CatalogFault::kUnavailable);
    EXPECT_EQ(refused.error().message.find("cret"), std::string::npos) << refused.error().message;
  }
}

}  // namespace
}  // namespace rateguard::catalog

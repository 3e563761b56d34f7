// The same random requests of the admin API on a PostgreSQL and on a SQLite file: the answers are equal to the word.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "catalog/sqlite/sqlite_catalog.h"
#include "postgres_fixture.h"
#include "server/admin/random_requests_testing.h"

namespace rateguard::catalog {
namespace {

TEST(PostgresAdminTest, TenThousandRandomRequestsAreAnsweredAsOnSqlite) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  admin::RandomRequests requests(seed);
  const test::ScratchFolder folder;
  const auto sqlite = open_sqlite_catalog((folder.path() / "catalog.db").string(), "test", Instant::from_seconds(1));
  ASSERT_TRUE(sqlite.has_value()) << sqlite.error().message;
  test::PostgresFactory<test::PostgresWay::kDirect> factory;
  const auto postgres = factory.open();
  ASSERT_NE(postgres, nullptr);
  admin::RequestPlayer on_sqlite(**sqlite);
  admin::RequestPlayer on_postgres(*postgres);
  for (int i = 0; i < 10'000; ++i) {
    const admin::RandomRequest request = requests.next();
    ASSERT_EQ(on_postgres.play(request), on_sqlite.play(request))
        << i << ": " << request.method << ' ' << request.target << ' ' << request.body;
  }
}

}  // namespace
}  // namespace rateguard::catalog

// The same random calls on a PostgreSQL and on a SQLite file: the answers are equal to the word.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "catalog/catalog_model_testing.h"
#include "catalog/random_calls_testing.h"
#include "catalog/sqlite/sqlite_catalog.h"
#include "postgres_fixture.h"

namespace rateguard::catalog {
namespace {

TEST(PostgresPropertyTest, TenThousandRandomCallsAreAnsweredAsSqliteAndTheModelDo) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomCalls calls(seed);
  CatalogModel model;
  const test::ScratchFolder folder;
  const auto sqlite = open_sqlite_catalog((folder.path() / "catalog.db").string(), "test", Instant::from_seconds(1));
  ASSERT_TRUE(sqlite.has_value()) << sqlite.error().message;
  test::PostgresFactory<test::PostgresWay::kDirect> factory;
  const auto postgres = factory.open();
  ASSERT_NE(postgres, nullptr);
  for (int i = 0; i < 10'000; ++i) {
    const RandomCalls::Call call = calls.next();
    const PlayedAnswer found = call(*postgres);
    ASSERT_EQ(found.answer, call(model).answer) << "call " << i;
    ASSERT_EQ(found, call(**sqlite)) << "call " << i;
  }
}

}  // namespace
}  // namespace rateguard::catalog

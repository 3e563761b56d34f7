// The suites of the catalog over a real PostgreSQL.
#include <gtest/gtest.h>

#include "catalog/catalog_suite_testing.h"
#include "catalog/sql/migration_suite_testing.h"
#include "postgres_fixture.h"

namespace rateguard::catalog {

using DirectPostgres = test::PostgresFactory<test::PostgresWay::kDirect>;
using PooledPostgres = test::PostgresFactory<test::PostgresWay::kPooled>;

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, CatalogSuite, DirectPostgres);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, MigrationSuite, DirectPostgres);
INSTANTIATE_TYPED_TEST_SUITE_P(Pgbouncer, CatalogSuite, PooledPostgres);
INSTANTIATE_TYPED_TEST_SUITE_P(Pgbouncer, MigrationSuite, PooledPostgres);

}  // namespace rateguard::catalog

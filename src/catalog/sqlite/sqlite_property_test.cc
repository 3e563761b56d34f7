// Random calls against the model of a catalog.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "catalog/catalog_model_testing.h"
#include "catalog/random_calls_testing.h"
#include "catalog/sqlite/sqlite_catalog.h"
#include "catalog/sqlite/sqlite_folder_testing.h"

namespace rateguard::catalog {
namespace {

TEST(SqlitePropertyTest, TenThousandRandomCallsAreAnsweredAsTheModelDoes) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomCalls calls(seed);
  CatalogModel model;
  const SqliteFolder folder;
  const auto store = open_sqlite_catalog(folder.file(), "test", Instant::from_seconds(1));
  ASSERT_TRUE(store.has_value()) << store.error().message;
  std::map<std::string, int> refused;
  for (int i = 0; i < 10'000; ++i) {
    const RandomCalls::Call call = calls.next();
    const PlayedAnswer expected = call(model);
    ASSERT_EQ(call(**store).answer, expected.answer) << "call " << i;
    if (expected.answer.starts_with("refused ")) ++refused[expected.answer.substr(8, 1)];
  }
  // Every refusal that a call can get has been seen, and most calls were answered.
  int all = 0;
  for (const CatalogFault fault : {CatalogFault::kNotFound, CatalogFault::kConflict, CatalogFault::kDuplicate,
                                   CatalogFault::kReferenced, CatalogFault::kInvalid, CatalogFault::kRepeated}) {
    const int times = refused[std::to_string(static_cast<int>(fault))];
    EXPECT_GT(times, 10) << static_cast<int>(fault);
    all += times;
  }
  EXPECT_LT(all, 7'500);
}

}  // namespace
}  // namespace rateguard::catalog

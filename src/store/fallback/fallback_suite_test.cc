// As long as the remote store answers, a store with a fallback in front of it is one like every other.
#include "store/fallback/fallback_store.h"
#include "store/memory/memory_store.h"
#include "store/remote_suite_testing.h"
#include "store/settlement_suite.h"
#include "store/store_suite.h"

namespace rateguard {
namespace {

struct FallbackParts {
  std::unique_ptr<MemoryStore> counters = MemoryStore::create({}).value();
  std::unique_ptr<MemoryStore> local = MemoryStore::create({}).value();
  AnswersAtOnce remote{*counters};
  FallbackStore front{remote, *local, {.random = [] { return 0U; }}};
};

struct FallbackFactory {
  std::unique_ptr<Store> make() { return std::make_unique<SuiteStore<FallbackParts>>(); }
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Fallback, StoreSuite, FallbackFactory);
INSTANTIATE_TYPED_TEST_SUITE_P(Fallback, SettlementSuite, FallbackFactory);

}  // namespace rateguard

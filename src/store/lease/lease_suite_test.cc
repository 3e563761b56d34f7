// What is to be decided exactly is passed on: then a lease store is one like every other.
#include "store/lease/lease_store.h"
#include "store/memory/memory_store.h"
#include "store/remote_suite_testing.h"
#include "store/settlement_suite.h"
#include "store/store_suite.h"

namespace rateguard {
namespace {

struct LeaseParts {
  std::unique_ptr<MemoryStore> counters = MemoryStore::create({}).value();
  std::unique_ptr<MemoryStore> local = MemoryStore::create({}).value();
  AnswersAtOnce remote{*counters};
  LeaseStore front{remote, *local, {.now = [] { return Instant(); }}};
};

struct LeaseFactory {
  std::unique_ptr<Store> make() { return std::make_unique<SuiteStore<LeaseParts>>(); }
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(LeaseExact, StoreSuite, LeaseFactory);
INSTANTIATE_TYPED_TEST_SUITE_P(LeaseExact, SettlementSuite, LeaseFactory);

}  // namespace rateguard

// The counters of one of several stores are decided as in a store alone.
#include "store/memory/memory_store.h"
#include "store/remote_suite_testing.h"
#include "store/settlement_suite.h"
#include "store/split/split_store.h"
#include "store/store_suite.h"

namespace rateguard {
namespace {

struct SplitParts {
  std::unique_ptr<MemoryStore> counters = MemoryStore::create({}).value();
  std::unique_ptr<MemoryStore> other = MemoryStore::create({}).value();
  AnswersAtOnce first{*counters};
  AnswersAtOnce second{*other};
  SplitStore front{{{.store = &first}, {.store = &second, .distance = Duration::millis(1)}}, [] { return Now(); }};
};

struct SplitFactory {
  std::unique_ptr<Store> make() { return std::make_unique<SuiteStore<SplitParts>>(); }
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Split, StoreSuite, SplitFactory);
INSTANTIATE_TYPED_TEST_SUITE_P(Split, SettlementSuite, SplitFactory);

}  // namespace rateguard

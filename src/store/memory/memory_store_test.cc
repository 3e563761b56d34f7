#include "store/memory/memory_store.h"

#include <gtest/gtest.h>

#include "store/store_suite.h"

namespace rateguard {
namespace {

struct MemoryFactory {
  std::unique_ptr<Store> make() { return MemoryStore::create({.max_keys = 10'000}).value(); }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreSuite, MemoryFactory);

}  // namespace
}  // namespace rateguard

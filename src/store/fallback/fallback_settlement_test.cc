// Settling while the remote store fails: nobody knows, and asking again is safe.
#include "store/fallback/fallback_fixture.h"
#include "store/remote_suite_testing.h"
#include "store/settlement.h"

namespace rateguard {
namespace {

class FallbackSettlement : public FallbackStoreTest {
 protected:
  FallbackSettlement() { one_ = ask(on("k", window_, OnStoreFailure::kLocal, Mode::kEnforce, 6)); }

  SettleResult settle(uint64_t actual) {
    StoreOverRemote store(store_, *remote_.counters);
    return rateguard::settle(store, one_, receipt_of(one_, kNow, {'x'}).value(), actual, kNow).result;
  }

  Charge one_;
};

TEST_F(FallbackSettlement, IsMadeUpForWhenTheStoreIsBack) {
  remote_.is_down = true;
  EXPECT_EQ(settle(2), SettleResult::kUnavailable);
  EXPECT_EQ(left(*remote_.counters, "k", window_), 4U);
  EXPECT_EQ(left_here("k", window_), 10U) << "no share settles what was charged in the shared counter";
  remote_.is_down = false;
  EXPECT_EQ(settle(2), SettleResult::kSettled);
  EXPECT_EQ(left(*remote_.counters, "k", window_), 8U);
}

TEST_F(FallbackSettlement, IsMadeOnceThoughItsAnswerWasLost) {
  remote_.is_down = true;
  remote_.charges_before_failing = true;
  EXPECT_EQ(settle(2), SettleResult::kUnavailable);
  remote_.is_down = false;
  EXPECT_EQ(settle(2), SettleResult::kSettledAlready);
  EXPECT_EQ(left(*remote_.counters, "k", window_), 8U);
}

TEST_F(FallbackSettlement, ASharesChargeHasNoReceipt) {
  remote_.is_down = true;
  const Charge by_share = ask(on("other", window_, OnStoreFailure::kLocal));
  EXPECT_EQ(by_share.basis, Basis::kLocalShare);
  EXPECT_FALSE(receipt_of(by_share, kNow, {'x'}).has_value());
}

}  // namespace
}  // namespace rateguard

#include "server/charge_text.h"

#include <gtest/gtest.h>

#include "server/charge_id.h"

namespace rateguard::server {
namespace {

TEST(ChargeText, IsReadBackWhole) {
  const ChargeReceipt receipt{.id = next_charge_id().value(),
                              .units = kUnitsMax,
                              .charged_at = Instant::from_seconds(1'700'000'000),
                              .gives_until = Instant::max()};
  std::string text = "before";
  append_charge(text, receipt, "counter");
  text.erase(0, 6);
  EXPECT_EQ(text.size(), 88u);
  ChargeReceipt read;
  ASSERT_EQ(parse_charge(text, "counter", read), ChargeText::kRead);
  EXPECT_EQ(read.id, receipt.id);
  EXPECT_EQ(read.units, receipt.units);
  EXPECT_EQ(read.charged_at, receipt.charged_at);
  EXPECT_EQ(read.gives_until, receipt.gives_until);
  EXPECT_EQ(parse_charge(text, "another", read), ChargeText::kOfAnotherCounter);
}

TEST(ChargeText, WhatIsNoChargeIsRefused) {
  ChargeReceipt read;
  EXPECT_EQ(parse_charge("", "counter", read), ChargeText::kMalformed);
  EXPECT_EQ(parse_charge(std::string(88, 'g'), "counter", read), ChargeText::kMalformed);
  EXPECT_EQ(parse_charge(std::string(87, '0'), "counter", read), ChargeText::kMalformed);
  EXPECT_EQ(parse_charge(std::string(88, 'f'), "counter", read), ChargeText::kMalformed) << "more units than there are";
}

TEST(ChargeId, NoTwoChargesHaveOne) {
  EXPECT_NE(next_charge_id().value(), next_charge_id().value());
}

}  // namespace
}  // namespace rateguard::server

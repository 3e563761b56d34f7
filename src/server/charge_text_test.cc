#include "server/charge_text.h"

#include <gtest/gtest.h>

#include "server/charge_id.h"

namespace rateguard::server {
namespace {

constexpr ChargeSecret kSecret{{1, 2, 3}};

std::string some_charge() {
  std::string text;
  const ChargeReceipt receipt{.id = next_charge_id().value(), .units = 400, .charged_at = {}, .gives_until = {}};
  append_charge(text, receipt, "counter", kSecret);
  return text;
}

TEST(ChargeText, IsReadBackWhole) {
  const ChargeReceipt receipt{.id = next_charge_id().value(),
                              .units = kUnitsMax,
                              .charged_at = Instant::from_seconds(1'700'000'000),
                              .gives_until = Instant::max()};
  std::string text = "before";
  append_charge(text, receipt, "counter", kSecret);
  text.erase(0, 6);
  EXPECT_EQ(text.size(), kChargeTextSize);
  ChargeReceipt read;
  ASSERT_EQ(parse_charge(text, "counter", kSecret, read), ChargeText::kRead);
  EXPECT_EQ(read.id, receipt.id);
  EXPECT_EQ(read.units, receipt.units);
  EXPECT_EQ(read.charged_at, receipt.charged_at);
  EXPECT_EQ(read.gives_until, receipt.gives_until);
}

TEST(ChargeText, NoDigitCanBeAltered) {
  const std::string text = some_charge();
  ChargeReceipt read;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string altered = text;
    altered[i] = altered[i] == '0' ? '1' : '0';
    EXPECT_EQ(parse_charge(altered, "counter", kSecret, read), ChargeText::kNotSigned) << "digit " << i;
  }
}

TEST(ChargeText, IsReadOnlyForItsCounterAndWithItsSecret) {
  const std::string text = some_charge();
  ChargeReceipt read;
  EXPECT_EQ(parse_charge(text, "another", kSecret, read), ChargeText::kNotSigned);
  EXPECT_EQ(parse_charge(text, "counter", {{1, 2, 4}}, read), ChargeText::kNotSigned);
  EXPECT_EQ(parse_charge(text, "counter", kSecret, read), ChargeText::kRead);
}

TEST(ChargeText, WhatIsNoChargeIsRefused) {
  ChargeReceipt read;
  EXPECT_EQ(parse_charge("", "counter", kSecret, read), ChargeText::kMalformed);
  EXPECT_EQ(parse_charge(std::string(kChargeTextSize, 'g'), "counter", kSecret, read), ChargeText::kMalformed);
  EXPECT_EQ(parse_charge(std::string(kChargeTextSize - 1, '0'), "counter", kSecret, read), ChargeText::kMalformed);
}

TEST(ChargeId, NoTwoChargesHaveOne) {
  EXPECT_NE(next_charge_id().value(), next_charge_id().value());
}

}  // namespace
}  // namespace rateguard::server

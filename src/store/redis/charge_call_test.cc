#include "store/redis/charge_call.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace rateguard::redis_store {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'006'400);

std::string little_endian(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

// One limit's part of a reply, as the script packs it.
struct Part {
  uint64_t status = 3;
  uint64_t remaining = 4;
  uint64_t retry_us = 0;
  uint64_t reset_us = 1'000'000;
  uint64_t delay_us = 0;

  std::string bytes() const {
    return little_endian(status, 1) + little_endian(remaining, 7) + little_endian(retry_us, 7) +
           little_endian(reset_us, 7) + little_endian(delay_us, 7);
  }
};
constexpr uint64_t kNever = uint64_t{1} << 53;

class ChargeCall : public ::testing::Test {
 protected:
  Result<ChargeReply> decode(const std::vector<Part>& parts, std::optional<Instant> given = kNow) {
    std::string reply = little_endian(static_cast<uint64_t>(kNow.us), 7);
    for (const Part& part : parts) reply += part.bytes();
    return decode_charge(reply, {charges_}, {.now = given, .hold_number = 77}, layout_);
  }

  const Limit bucket_ = Limit::token_bucket(5, {1, Duration::seconds(1)}).value();
  const Limit leaky_ = Limit::leaky_bucket(5, {1, Duration::seconds(1)}).value();
  const Limit holds_ = Limit::concurrency(5, Duration::seconds(1)).value();
  std::vector<Charge> charges_ = {{.key = "a", .limit = &bucket_}};
  KeyLayout layout_;
  ScriptCall call_;
};

TEST_F(ChargeCall, OneLimitHasItsOwnScriptAndSeveralTheirs) {
  ASSERT_TRUE(encode_charge({charges_}, {}, layout_, call_));
  EXPECT_EQ(&call_.script(), &charge_one_script(Algorithm::kTokenBucket));
  ASSERT_EQ(call_.keys(), 1u);
  EXPECT_EQ(call_.key(0), "rg:c1:a");
  ASSERT_EQ(call_.arguments(), 2u);
  EXPECT_EQ(call_.argument(0), "") << "the server's clock";
  // MessagePack: token_bucket, enforced, cost 1, capacity 5, 1 unit per 1,000,000 us.
  EXPECT_EQ(call_.argument(1), std::string("\x01\x01\x01\x05\x01\xCE\x00\x0F\x42\x40", 10));

  charges_.push_back({.key = "b", .limit = &holds_, .cost = {300}, .mode = Mode::kShadow});
  ASSERT_TRUE(encode_charge({charges_}, {.tag = {0x4A0F}, .now = kNow, .hold_number = 77}, layout_, call_));
  EXPECT_EQ(&call_.script(), &charge_script());
  ASSERT_EQ(call_.keys(), 2u);
  EXPECT_EQ(call_.key(0), "rg:c1:{4a0f}a");
  EXPECT_TRUE(call_.key(1).starts_with("rg:h1:{4a0f}"));
  ASSERT_EQ(call_.arguments(), 3u);
  EXPECT_EQ(call_.argument(0), "1700006400000000");
  EXPECT_EQ(call_.argument(2),
            std::string("\x07\x02\xCD\x01\x2C\x05\x05\xCE\x00\x0F\x42\x40\xDA\x00\x08\x4D", 16) + std::string(7, '\0'));
}

TEST_F(ChargeCall, NothingToDecideIsNoCall) {
  charges_.clear();
  EXPECT_FALSE(encode_charge({charges_}, {}, layout_, call_));
}

TEST_F(ChargeCall, AReplyBecomesADecision) {
  const auto reply = decode({{}}, std::nullopt);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->now, kNow);
  EXPECT_TRUE(reply->is_charged);
  EXPECT_EQ(charges_[0].decision, (Decision{.limit = 5, .remaining = 4, .reset_after = Duration::seconds(1)}));

  ASSERT_TRUE(decode({{.status = 0, .remaining = 0, .retry_us = 7}}));
  EXPECT_FALSE(charges_[0].decision.allowed());
  EXPECT_EQ(charges_[0].decision.retry_after, Duration::micros(7));

  charges_[0].cost = {6};
  ASSERT_TRUE(decode({{.status = 0, .retry_us = kNever}}));
  EXPECT_TRUE(charges_[0].decision.retry_after.is_never());
}

TEST_F(ChargeCall, AHoldLeadsBackToItsCounter) {
  charges_[0].limit = &holds_;
  ASSERT_TRUE(encode_charge({charges_}, {.tag = {0x4A0F}}, layout_, call_));
  const std::string counter(call_.key(0));
  const HoldId hold = layout_.hold_id("a", {0x4A0F}, 77);
  encode_release(hold, kNow, layout_, call_);
  EXPECT_EQ(call_.key(0), counter);
  EXPECT_EQ(KeyLayout::hold_number(hold), 77u);
  ASSERT_TRUE(decode({{}}));
  EXPECT_EQ(charges_[0].decision.hold, layout_.hold_id("a", {}, 77));
  ASSERT_TRUE(decode({{.status = 0, .retry_us = 1}}));
  EXPECT_FALSE(charges_[0].decision.hold.is_set());
  EXPECT_NE(layout_.hold_id("a", {}, 77), KeyLayout("rg", "another secret").hold_id("a", {}, 77));
}

TEST_F(ChargeCall, AReplyThatTheScriptCannotGiveIsAnErrorAndTouchesNoDecision) {
  const Decision before = charges_[0].decision;
  const uint64_t beyond = static_cast<uint64_t>(Instant::max().us) + 1;
  const std::vector<Part> wrong = {
      {.status = 4},                      // an unknown status
      {.status = 1},                      // admitted and not charged
      {.status = 2},                      // charged and not admitted
      {.remaining = 6},                   // more than the limit
      {.retry_us = 1},                    // admitted with a wait
      {.status = 0},                      // refused without one
      {.status = 0, .retry_us = kNever},  // refused for ever at a cost that fits
      {.status = 0, .retry_us = beyond},  // waits and resets beyond every instant
      {.reset_us = beyond},               //
      {.delay_us = 1},                    // a delay of what has none
  };
  for (const Part& part : wrong) {
    const auto reply = decode({part});
    ASSERT_FALSE(reply) << part.status;
    EXPECT_EQ(reply.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_FALSE(decode({}));
  EXPECT_FALSE(decode({{}, {}}));
  EXPECT_FALSE(decode({{}}, kNow + Duration::micros(1))) << "another time than was given";
  EXPECT_FALSE(decode_charge("", {charges_}, {}, layout_));
  EXPECT_EQ(charges_[0].decision, before);

  charges_[0].limit = &leaky_;
  EXPECT_TRUE(decode({{.delay_us = 1}}));
  charges_[0].cost = {0};
  EXPECT_FALSE(decode({{.status = 0, .retry_us = 1}})) << "a refused look";
  EXPECT_FALSE(decode({{.status = 3}})) << "a charged look";
  EXPECT_TRUE(decode({{.status = 1}}));
}

TEST_F(ChargeCall, EnforcedLimitsAreChargedTogetherAndShadowsAlone) {
  charges_ = {{.key = "a", .limit = &bucket_},
              {.key = "b", .limit = &bucket_},
              {.key = "c", .limit = &bucket_, .mode = Mode::kShadow}};
  const Part charged = {};
  const Part admitted = {.status = 1};
  const Part refused = {.status = 0, .remaining = 0, .retry_us = 1};
  EXPECT_TRUE(decode({charged, charged, charged}));
  EXPECT_TRUE(decode({charged, charged, refused}));
  EXPECT_TRUE(decode({admitted, refused, charged}));
  EXPECT_FALSE(decode({charged, refused, charged})) << "charged though another refuses";
  EXPECT_FALSE(decode({admitted, charged, charged})) << "not charged though all admit";
  EXPECT_FALSE(decode({charged, charged, admitted})) << "a shadow that was not charged";
  const auto none = decode({admitted, refused, refused});
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->is_charged);
}

RC_GTEST_PROP(ChargeReplyBytes, AnyBytesGiveAnErrorOrAPossibleDecision, ()) {
  const Limit limit = Limit::token_bucket(5, {1, Duration::seconds(1)}).value();
  std::vector<Charge> one = {{.key = "a", .limit = &limit}};
  std::string reply = *rc::gen::container<std::string>(33, rc::gen::element<char>(0, 0, 0, 0, 1, 3, 5, 0x7F, -1));
  const auto decoded = decode_charge(reply, {one}, {}, KeyLayout());
  const Decision& decision = one[0].decision;
  if (decoded) {
    RC_ASSERT(decision.remaining <= 5u);
    RC_ASSERT(decision.allowed() == (decision.retry_after == Duration{}));
  }
}

TEST(OutsideCalendar, ReadsTheInstantAndNothingElse) {
  EXPECT_EQ(outside_calendar("RGWINDOW 1700006400000000"), kNow);
  for (const char* error : {"", "RGWINDOW", "RGWINDOW ", "RGWINDOW x", "RGWINDOW 1x", "RGWINDOW -1", "ERR RGWINDOW 1",
                            "RGWINDOW 99999999999999999999"}) {
    EXPECT_EQ(outside_calendar(error), std::nullopt) << error;
  }
}

TEST(Scripts, AreNamedByTheirText) {
  EXPECT_EQ(every_script().size(), 10u);
  for (const Script* script : every_script()) {
    EXPECT_EQ(script->sha().size(), 40u);
    EXPECT_EQ(script->source().contains("evaluate"), script != &probe_script()) << "it decides something";
  }
}

}  // namespace
}  // namespace rateguard::redis_store

#include "peers/message.h"

#include <gtest/gtest.h>

namespace rateguard::peers {
namespace {

TEST(Messages, AreReadAsTheyWereWritten) {
  const std::string key("api\0 user:1\r\nx y", 17);
  const std::pair<MessageKind, std::string> cases[] = {{MessageKind::kReset, key},
                                                       {MessageKind::kReload, "9f"},
                                                       {MessageKind::kCatalog, "41"},
                                                       {MessageKind::kForget, ""}};
  for (const auto& [kind, payload] : cases) {
    const std::string text = "1763713681000001 " + encode_uncounted(0xFEDC, kind, payload);
    const auto message = decode_message(text);
    ASSERT_TRUE(message.has_value()) << text;
    EXPECT_EQ(message->count, 1763713681000001U);
    EXPECT_EQ(message->sender, 0xFEDCU);
    EXPECT_EQ(message->kind, kind);
    EXPECT_EQ(message->payload, payload);
  }
}

TEST(Messages, OtherTextIsRefused) {
  EXPECT_FALSE(decode_message(""));
  EXPECT_FALSE(decode_message("1"));
  EXPECT_FALSE(decode_message("1 000000000000fedc"));
  EXPECT_FALSE(decode_message("1 000000000000fedc dance"));
  EXPECT_FALSE(decode_message("1 fedc forget"));
  EXPECT_FALSE(decode_message("1 000000000000fedg forget"));
  EXPECT_FALSE(decode_message("-1 000000000000fedc forget"));
  EXPECT_FALSE(decode_message("99999999999999999999 000000000000fedc forget"));
  EXPECT_TRUE(decode_message("1 000000000000fedc forget"));
}

TEST(Ids, AreSixteenDigits) {
  EXPECT_EQ(encode_id(0), "0000000000000000");
  EXPECT_EQ(decode_id("0000000000000000"), 0U);
  EXPECT_EQ(decode_id(encode_id(UINT64_MAX)), UINT64_MAX);
  EXPECT_EQ(decode_id("+00000000000000a"), std::nullopt);
}

}  // namespace
}  // namespace rateguard::peers

#include "server/grpc/message_framing.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace rateguard::grpc {
namespace {

using Outcome = Unframed::Outcome;
using namespace std::string_view_literals;

std::string framed(std::string_view message, Compressed compressed = Compressed::kNo) {
  std::string bytes(kMessagePrefix, '\0');
  write_prefix(bytes.data(), message.size(), compressed);
  return bytes.append(message);
}

std::string gzipped(std::string_view text) {
  Gzip gzip;
  std::string packed;
  EXPECT_TRUE(gzip.compress(text, packed));
  return packed;
}

TEST(MessageFraming, TakesMessagesOffOneByOne) {
  MessageReader reader(100);
  const std::string two = framed("one") + framed("");
  const Unframed first = reader.next(two, Encoding::kIdentity);
  EXPECT_EQ(first.message, "one");
  const Unframed second = reader.next(std::string_view(two).substr(first.consumed), Encoding::kIdentity);
  EXPECT_EQ(second.outcome, Outcome::kMessage);
  EXPECT_EQ(second.message, "");
  EXPECT_EQ(first.consumed + second.consumed, two.size());
}

TEST(MessageFraming, WaitsForTheRestOfAMessage) {
  MessageReader reader(100);
  const std::string whole = framed("message");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(reader.next(std::string_view(whole).substr(0, size), Encoding::kIdentity).outcome, Outcome::kNeedMore);
    EXPECT_EQ(reader.only(std::string_view(whole).substr(0, size), Encoding::kIdentity).refusal.code,
              StatusCode::kInternal);
  }
}

TEST(MessageFraming, RefusesBytesThatAreNotOneMessage) {
  MessageReader reader(10);
  EXPECT_EQ(reader.only(framed("a") + framed("b"), Encoding::kIdentity).refusal.code, StatusCode::kInternal);
  EXPECT_EQ(reader.only(framed("12345678901"), Encoding::kIdentity).refusal.code, StatusCode::kResourceExhausted);
  EXPECT_EQ(reader.only(std::string("\2\0\0\0\0", 5), Encoding::kIdentity).refusal.code, StatusCode::kInternal);
  EXPECT_EQ(reader.only(framed("x", Compressed::kYes), Encoding::kIdentity).refusal.code, StatusCode::kInternal);
  EXPECT_EQ(reader.only(framed("x", Compressed::kYes), Encoding::kGzip).refusal.code, StatusCode::kInternal);
  // Said by the prefix alone: nobody waits for four gigabytes.
  EXPECT_EQ(reader.next("\0\xff\xff\xff\xff"sv, Encoding::kIdentity).refusal.code, StatusCode::kResourceExhausted);
}

TEST(MessageFraming, ExpandsGzipUpToItsBound) {
  MessageReader reader(1'000);
  const std::string most(1'000, 'x');
  EXPECT_EQ(reader.only(framed(gzipped(most), Compressed::kYes), Encoding::kGzip).message, most);
  EXPECT_EQ(reader.only(framed(gzipped(most + "x"), Compressed::kYes), Encoding::kGzip).refusal.code,
            StatusCode::kResourceExhausted);
  EXPECT_EQ(reader.only(framed(gzipped(std::string(500'000, 'x')), Compressed::kYes), Encoding::kGzip).refusal.code,
            StatusCode::kResourceExhausted);
  EXPECT_EQ(reader.only(framed(gzipped(""), Compressed::kYes), Encoding::kGzip).message, "");
  EXPECT_EQ(reader.only(framed("plain"), Encoding::kGzip).message, "plain");
}

TEST(MessageFraming, ADamagedGzipIsRefusedAtEveryByte) {
  MessageReader reader(1'000);
  const std::string good = gzipped("some text that is worth it, some text that is worth it");
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(reader.only(framed(good.substr(0, size), Compressed::kYes), Encoding::kGzip).outcome, Outcome::kRefused);
  }
  EXPECT_EQ(reader.only(framed(good + "x", Compressed::kYes), Encoding::kGzip).outcome, Outcome::kRefused);
}

TEST(MessageFraming, CompressedTextExpandsToItself) {
  rc::check("roundtrip", [](const std::string& text) {
    Gzip gzip;
    std::string packed;
    std::string back;
    RC_ASSERT(gzip.compress(text, packed));
    RC_ASSERT(gzip.expand(packed, text.size(), back) == Gzip::Outcome::kDone);
    RC_ASSERT(back == text);
  });
}

TEST(Status, PercentEncodesItsMessage) {
  EXPECT_EQ(percent_encoded("plain text"), "plain text");
  EXPECT_EQ(percent_encoded("100%\n\xc3\xa4"), "100%25%0A%C3%A4");
  EXPECT_EQ(number_of(StatusCode::kUnauthenticated), "16");
  EXPECT_EQ(name_of(StatusCode::kResourceExhausted), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(code_names().size(), 17U);
}

}  // namespace
}  // namespace rateguard::grpc

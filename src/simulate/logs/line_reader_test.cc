#include "simulate/logs/line_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

namespace rateguard::simulate {
namespace {

using namespace std::string_literals;

// Gives `text` in pieces of at most `piece` bytes.
LineReader reader_of(const std::string& text, size_t piece) {
  return LineReader([&text, piece, at = size_t{0}](char* out, size_t size) mutable -> Result<size_t> {
    const size_t count = std::min({piece, size, text.size() - at});
    std::copy_n(text.data() + at, count, out);
    at += count;
    return count;
  });
}

std::vector<std::string> lines_of(LineReader& reader) {
  std::vector<std::string> out;
  LogLine line;
  while (reader.next(line).value()) out.push_back(line.too_long ? "<too long>" : std::string(line.text));
  return out;
}

TEST(LineReader, CutsAtLineBreaks) {
  const std::string text = "one\ntwo\r\n\n\r\nlast";
  LineReader reader = reader_of(text, 3);
  EXPECT_EQ(lines_of(reader), (std::vector<std::string>{"one", "two", "", "", "last"}));
}

TEST(LineReader, AnEmptyInputHasNoLines) {
  const std::string text;
  LineReader reader = reader_of(text, 1);
  EXPECT_EQ(reader.head(), "");
  EXPECT_TRUE(lines_of(reader).empty());
}

TEST(LineReader, HeadTakesNothingButAByteOrderMark) {
  const std::string text =
      "\xEF\xBB\xBF"
      "a,b\nc";
  LineReader reader = reader_of(text, 2);
  EXPECT_EQ(reader.head(), "a,b\nc");
  EXPECT_EQ(lines_of(reader), (std::vector<std::string>{"a,b", "c"}));
}

TEST(LineReader, LeavesOutNulBytesBeforeALineHoweverManyTheyAre) {
  for (const size_t count : {size_t{1}, kLineBytesMax, 3 * kLineBytesMax + 7}) {
    const std::string nuls(count, '\0');
    const std::string text = nuls + "a\nb\0b\n"s + nuls + "c\n" + nuls;
    LineReader with_head = reader_of(text, 1'000'003);
    EXPECT_TRUE(with_head.head().starts_with("a\n")) << count;
    EXPECT_EQ(lines_of(with_head), (std::vector<std::string>{"a", "b\0b"s, "c"})) << count;
    LineReader without_head = reader_of(text, 1'000'003);
    EXPECT_EQ(lines_of(without_head), (std::vector<std::string>{"a", "b\0b"s, "c"})) << count;
  }
}

TEST(LineReader, SkipsLinesBeyondTheBoundAndGoesOn) {
  for (const size_t length : {kLineBytesMax, kLineBytesMax + 1, 2 * kLineBytesMax, 3 * kLineBytesMax + 5}) {
    const std::string text = "a\n" + std::string(length, 'x') + "\nb\n" + std::string(length, 'y');
    LineReader reader = reader_of(text, 1'000'003);
    auto lines = lines_of(reader);
    ASSERT_EQ(lines.size(), 4u) << length;
    EXPECT_EQ(lines[0], "a");
    EXPECT_EQ(lines[1] == "<too long>", length > kLineBytesMax);
    EXPECT_EQ(lines[2], "b");
    EXPECT_EQ(lines[3] == "<too long>", length > kLineBytesMax);
  }
}

TEST(LineReader, CountsLinesAndExtendsThem) {
  const std::string text = "a\nb\r\nc\nd";
  LineReader reader = reader_of(text, 1);
  LogLine line;
  ASSERT_TRUE(reader.next(line).value());
  EXPECT_TRUE(reader.extend(line));
  EXPECT_EQ(line.text, "a\nb");
  EXPECT_TRUE(reader.extend(line));
  EXPECT_EQ(line.text, "a\nb\r\nc");
  EXPECT_EQ(line.number, 1u);
  ASSERT_TRUE(reader.next(line).value());
  EXPECT_EQ(line.text, "d");
  EXPECT_EQ(line.number, 4u);
  EXPECT_FALSE(reader.extend(line));
}

TEST(LineReader, RetractGoesBackToTheFirstLine) {
  const std::string text = "a\nb\nc\n";
  LineReader reader = reader_of(text, 100);
  LogLine line;
  ASSERT_TRUE(reader.next(line).value());
  while (reader.extend(line)) {
  }
  EXPECT_EQ(line.text, "a\nb\nc");
  reader.retract(line);
  EXPECT_EQ(line.text, "a");
  ASSERT_TRUE(reader.next(line).value());
  EXPECT_EQ(line.text, "b");
  EXPECT_EQ(line.number, 2u);
}

TEST(LineReader, ExtensionIsBounded) {
  const std::string text =
      "\"" + std::string(kLineBytesMax / 2, 'x') + "\n" + std::string(kLineBytesMax, 'y') + "\nz\n";
  LineReader reader = reader_of(text, 65'536);
  LogLine line;
  ASSERT_TRUE(reader.next(line).value());
  const size_t length = line.text.size();
  EXPECT_FALSE(reader.extend(line));
  reader.retract(line);
  EXPECT_EQ(line.text.size(), length);
  ASSERT_TRUE(reader.next(line).value());
  EXPECT_EQ(line.text.size(), kLineBytesMax);
  ASSERT_TRUE(reader.next(line).value());
  EXPECT_EQ(line.text, "z");
}

TEST(LineReader, TellsAnErrorAfterTheLinesBeforeIt) {
  int calls = 0;
  LineReader reader([&](char* out, size_t) -> Result<size_t> {
    if (++calls > 1) return fail(ErrorCode::kCorrupt, "cut short");
    std::copy_n("a\nb", 3, out);
    return 3;
  });
  LogLine line;
  ASSERT_TRUE(reader.next(line).value());
  ASSERT_TRUE(reader.next(line).value());
  EXPECT_EQ(line.text, "b");
  EXPECT_EQ(reader.next(line).error().code, ErrorCode::kCorrupt);
}

TEST(LineReader, GivesTheSameLinesHoweverTheBytesCome) {
  EXPECT_TRUE(rc::check("lines joined by their breaks are the text", [] {
    const auto parts = *rc::gen::container<std::vector<std::string>>(
        rc::gen::container<std::string>(rc::gen::element('a', 'b', ',', '"')));
    const auto piece = *rc::gen::inRange<size_t>(1, 20);
    std::string text;
    for (const std::string& part : parts) text += part + '\n';
    LineReader reader = reader_of(text, piece);
    RC_ASSERT(lines_of(reader) == parts);
  }));
}

}  // namespace
}  // namespace rateguard::simulate

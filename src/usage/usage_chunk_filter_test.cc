#include "usage/usage_chunk_filter.h"

#include <gtest/gtest.h>

#include <string>

namespace rateguard::usage {
namespace {

std::string filtered(const std::string& stream) {
  std::string whole;
  UsageChunkFilter filter;
  filter.read(stream, whole);
  filter.finish(whole);
  for (const size_t size : {1, 5}) {
    std::string pieces;
    UsageChunkFilter cut;
    for (size_t at = 0; at < stream.size(); at += size) cut.read(std::string_view(stream).substr(at, size), pieces);
    cut.finish(pieces);
    EXPECT_EQ(pieces, whole) << size;
  }
  return whole;
}

const std::string kChunk = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n";
const std::string kUsage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
const std::string kDone = "data: [DONE]\n\n";

TEST(UsageChunkFilterTest, LeavesOutTheChunkWithUsageAlone) {
  EXPECT_EQ(filtered(kChunk + kUsage + kDone), kChunk + kDone);
}

TEST(UsageChunkFilterTest, AllElsePassesByteByByte) {
  for (const std::string& stream :
       {kChunk + kDone, std::string(": wait\n\n") + kChunk, std::string("data: {\"choices\":[]}\n\n"),
        std::string("data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":1}}\n\n"),
        std::string("data: {\"choices\":[],\"usage\":null}\r\n\r\n"), std::string("data: {\"usa"), std::string("x")}) {
    EXPECT_EQ(filtered(stream), stream);
  }
}

TEST(UsageChunkFilterTest, AnEventThatIsLongDoesNotWait) {
  const std::string begin = "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(20'000, 'a');
  std::string out;
  UsageChunkFilter filter;
  filter.read(begin, out);
  EXPECT_EQ(out, begin);
  filter.read("\"}}]}\n\n" + kUsage + kChunk, out);
  EXPECT_EQ(out, begin + "\"}}]}\n\n" + kChunk);
}

}  // namespace
}  // namespace rateguard::usage

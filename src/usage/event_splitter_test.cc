#include "usage/event_splitter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace rateguard::usage {
namespace {

struct Events final : EventData {
  void data_piece(std::string_view piece) override { data += piece; }
  // Every event with data as "name=data".
  std::vector<std::string> read(std::string_view bytes) {
    std::vector<std::string> events;
    while (!bytes.empty()) {
      const EventSplitter::Step step = splitter.read(bytes, *this);
      bytes.remove_prefix(step.consumed);
      if (!step.event_over) break;
      if (splitter.has_data()) events.push_back(std::string(splitter.name()) + "=" + data);
      data.clear();
    }
    return events;
  }
  EventSplitter splitter;
  std::string data;
};

using Texts = std::vector<std::string>;

TEST(EventSplitterTest, LinesEndWithAnyOfThreeEnds) {
  for (const std::string& end : Texts{"\n", "\r\n", "\r"}) {
    const std::string text = "event: a" + end + "data: 1" + end + end + "data:2" + end + end;
    EXPECT_EQ(Events().read(text), (Texts{"a=1", "=2"}));
  }
}

TEST(EventSplitterTest, SeveralLinesOfDataAreOneJoinedByLf) {
  EXPECT_EQ(Events().read("data: a\ndata\ndata:  b\n\n"), Texts{"=a\n\n b"});
}

TEST(EventSplitterTest, CommentsAndOtherFieldsAreNoData) {
  EXPECT_EQ(Events().read(": wait\n\nid: 7\nretry: 10\ndatas: x\n\ndat: y\n: c\ndata: z\n\n"), Texts{"=z"});
}

TEST(EventSplitterTest, AnEventWithoutDataIsNone) {
  EXPECT_EQ(Events().read("event: ping\n\ndata: 1\n\n"), Texts{"=1"});
}

TEST(EventSplitterTest, AByteOrderMarkIsSkippedOnce) {
  EXPECT_EQ(Events().read("\xEF\xBB\xBF"
                          "data: 1\n\n\xEF\xBB\xBF"
                          "data: 2\n\ndata: 3\n\n"),
            (Texts{"=1", "=3"}));
  EXPECT_EQ(Events().read("\xEF\xBB"
                          "data: 1\n\ndata: 2\n\n"),
            Texts{"=2"});
}

RC_GTEST_PROP(EventSplitterTest, WhereTheBytesAreCutMakesNoDifference, ()) {
  const auto bytes =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("\r\n\r\n: adtevn[D\xEF\xBB\xBF")));
  const std::string text = "data: {}\r\n\r\n" + bytes + "\n\ndata: x\n\n";
  const Texts whole = Events().read(text);
  Events cut;
  Texts pieces;
  for (size_t at = 0; at < text.size();) {
    const size_t size = *rc::gen::inRange<size_t>(1, 5);
    const std::string piece = text.substr(at, size);
    at += size;
    const Texts more = cut.read(piece);
    pieces.insert(pieces.end(), more.begin(), more.end());
  }
  RC_ASSERT(pieces == whole);
  RC_ASSERT(!whole.empty());
}

}  // namespace
}  // namespace rateguard::usage

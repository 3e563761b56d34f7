#include "http/http1/response_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace rateguard::http {
namespace {

using Status = Http1ResponseParser::Status;

constexpr Limits kSmallHeads{.header_bytes_max = 256, .headers_max = 8};

// Everything that can be seen of a response given in pieces of `step` bytes, as one text.
struct ReadResponse {
  std::string text;
  bool complete = false;
  bool rejected = false;
  std::string left;
};

ReadResponse read(std::string_view bytes, size_t step, Asked asked = Asked::kContent) {
  Http1ResponseParser parser(kSmallHeads);
  parser.begin(asked);
  ReadResponse seen;
  std::string kept;
  for (size_t at = 0; at <= bytes.size() && !seen.complete && !seen.rejected; at += step) {
    kept += bytes.substr(at, step);
    for (bool more = true; more;) {
      std::span<char> rest(kept);
      const Status status = parser.parse(rest);
      kept.resize(rest.size());
      more = status == Status::kHead;
      if (status == Status::kHead) {
        const AnswerHead head = parser.head(kept);
        seen.text += std::to_string(head.status) + (head.version == Version::k10 ? "(1.0)" : "");
        for (const Header& field : head.headers)
          seen.text += "|" + std::string(field.name) + "=" + std::string(field.value);
        seen.text += "|";
        kept.erase(0, parser.take_head());
        continue;
      }
      if (status == Status::kRejected) {
        seen.rejected = true;
        seen.text = parser.rejection().field + ": " + parser.rejection().detail;
        break;
      }
      if (parser.awaits_body() || status == Status::kComplete) {
        seen.text += parser.piece(kept);
        kept.erase(0, parser.drop_piece());
      }
      if (status == Status::kComplete) {
        for (const Header& field : parser.trailers()) {
          seen.text += "|" + std::string(field.name) + "=" + std::string(field.value);
        }
        if (parser.keep_alive()) seen.text += "+";
        seen.complete = true;
      }
    }
  }
  if (!seen.complete && !seen.rejected && parser.ends_with_connection()) {
    seen.complete = true;
    seen.text += "<end>";
  }
  seen.left = kept;
  return seen;
}

// Whole, and in pieces of one byte.
ReadResponse read_both_ways(std::string_view bytes, Asked asked = Asked::kContent) {
  const ReadResponse whole = read(bytes, std::max<size_t>(bytes.size(), 1), asked);
  const ReadResponse bytewise = read(bytes, 1, asked);
  EXPECT_EQ(whole.text, bytewise.text) << bytes;
  EXPECT_EQ(whole.complete, bytewise.complete) << bytes;
  return whole;
}

std::string accepted(std::string_view bytes, Asked asked = Asked::kContent) {
  const ReadResponse seen = read_both_ways(bytes, asked);
  EXPECT_TRUE(seen.complete) << bytes << "\n" << seen.text;
  return seen.text;
}

std::string refused(std::string_view bytes, Asked asked = Asked::kContent) {
  const ReadResponse seen = read_both_ways(bytes, asked);
  EXPECT_TRUE(seen.rejected) << bytes << "\n" << seen.text;
  return seen.text;
}

TEST(Http1ResponseParser, ContentByLengthEndsThereAndWhatFollowsIsLeft) {
  EXPECT_EQ(accepted("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), "200|Content-Length=3|abc+");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP", 100).left, "HTTP");
}

TEST(Http1ResponseParser, ChunksAreDecodedAndTrailersKept) {
  EXPECT_EQ(
      accepted("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: u\r\nV:w\r\n\r\n"),
      "200|Transfer-Encoding=chunked|abc|T=u|V=w+");
}

TEST(Http1ResponseParser, FieldsThatBelongInTheHeadAreNoTrailers) {
  EXPECT_EQ(accepted("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "1\r\na\r\n0\r\nT: u\r\nSet-Cookie: a=b\r\nDate: now\r\n\r\n"),
            "200|Transfer-Encoding=chunked|a|T=u+");
}

TEST(Http1ResponseParser, ContentWithoutFramingEndsWithTheConnection) {
  EXPECT_EQ(accepted("HTTP/1.1 200 OK\r\n\r\nabc"), "200|abc<end>");
  EXPECT_EQ(accepted("HTTP/1.0 200 OK\r\n\r\n"), "200(1.0)|<end>");
}

TEST(Http1ResponseParser, SomeAnswersHaveNoContentDespiteTheirFields) {
  EXPECT_EQ(accepted("HTTP/1.1 204 No Content\r\n\r\n"), "204|+");
  EXPECT_EQ(accepted("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), "304|Content-Length=5|+");
  EXPECT_EQ(accepted("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "304|Transfer-Encoding=chunked|+");
  EXPECT_EQ(accepted("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Asked::kHead), "200|Content-Length=5|+");
  EXPECT_EQ(accepted("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "200|Content-Length=0|+");
}

TEST(Http1ResponseParser, InterimAnswersComeBeforeTheFinalOne) {
  EXPECT_EQ(accepted("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 N\r\n\r\n"),
            "100|103|Link=x|204|+");
}

TEST(Http1ResponseParser, AnUpgradeIsAcceptedWhereOneWasAskedFor) {
  EXPECT_EQ(accepted("HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n", Asked::kUpgrade), "101|Upgrade=x|+");
  EXPECT_EQ(refused("HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n"), "status-line: 101, but nothing was to be upgraded");
}

TEST(Http1ResponseParser, TheConnectionFieldSaysWhetherItMayBeAskedAgain) {
  EXPECT_EQ(accepted("HTTP/1.1 204 N\r\nConnection: a, Close\r\n\r\n"), "204|Connection=a, Close|");
  EXPECT_EQ(accepted("HTTP/1.0 204 N\r\n\r\n"), "204(1.0)|");
  EXPECT_EQ(accepted("HTTP/1.0 204 N\r\nConnection: keep-alive\r\n\r\n"), "204(1.0)|Connection=keep-alive|+");
}

// What two recipients might frame differently is an error of the server's and never passed on.
TEST(Http1ResponseParser, AmbiguousFramingIsRefused) {
  EXPECT_EQ(refused("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "Content-Length: given together with Transfer-Encoding");
  EXPECT_EQ(refused("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"),
            "Content-Length: given more than once");
  EXPECT_EQ(refused("HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n"),
            "Content-Length: \"3, 3\" is not a length; expected at most 18 digits");
  EXPECT_EQ(refused("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
            "Content-Length: \"-1\" is not a length; expected at most 18 digits");
  EXPECT_EQ(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
            "Transfer-Encoding: \"gzip, chunked\" is not understood; expected \"chunked\"");
  EXPECT_EQ(refused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "Transfer-Encoding: not part of HTTP/1.0");
  EXPECT_EQ(refused("HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "Transfer-Encoding: given with status 204, which has no content");
  EXPECT_EQ(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"), "body: \"x\" is not a chunk's size");
  EXPECT_EQ(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 3\r\n\r\n"),
            "trailer: \"Content-Length\" cannot be one");
}

TEST(Http1ResponseParser, HeadsThatAreNotAsTheGrammarSaysAreRefused) {
  for (const std::string_view line : {"HTTP/2 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000", "HTTP/1.1  200 OK",
                                      "ICY 200 OK", "HTTP/1.1 600 X", "HTTP/1.1 099 X", "http/1.1 200 OK", "", "\r"}) {
    EXPECT_TRUE(read_both_ways(std::string(line) + "\r\n\r\n").rejected) << line;
  }
  EXPECT_EQ(refused("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n"),
            "header: a line starts with white space; folded fields are not accepted");
  EXPECT_EQ(refused("HTTP/1.1 200 OK\r\nA : b\r\n\r\n"), "header: \"A : b\" is not a field; expected \"Name: value\"");
  EXPECT_EQ(refused("HTTP/1.1 200 OK\nA: b\r\n\r\n"), "status-line: a line ends with LF alone; expected CR LF");
  EXPECT_EQ(refused(std::string("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", 27)), "header: control byte 0x00");
  EXPECT_EQ(refused("HTTP/1.1 200 OK\r\nA: " + std::string(300, 'b') + "\r\n\r\n"),
            "header: longer than the 256 bytes that are accepted");
}

}  // namespace
}  // namespace rateguard::http

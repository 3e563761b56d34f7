#include "http/http1/parser.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::http {
namespace {

// What became of one request: everything that can be seen of it.
struct Seen {
  int status = 0;  // 0: accepted, -1: incomplete
  std::string field = {};
  std::string detail = {};
  std::string method = {};
  std::string target = {};
  std::string path = {};
  std::string query = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::string trailers = {};
  std::string rest = {};
  bool keep_alive = false;
  uint64_t refused_bytes = 0;

  bool operator==(const Seen&) const = default;
};

void PrintTo(const Seen& seen, std::ostream* out) {
  *out << seen.status << " " << seen.field << ": " << seen.detail << " [" << seen.method << " " << seen.target << " "
       << seen.body << "] rest [" << seen.rest << "]";
}

// Feeds the pieces one after another, each in a fresh place of its own, as a session's buffers may do.
Seen parse_pieces(const std::vector<std::string_view>& pieces, const Limits& limits = {}) {
  Http1Parser parser(limits);
  std::vector<char> kept;
  for (size_t i = 0; i < pieces.size(); ++i) {
    std::vector<char> bytes = kept;
    bytes.insert(bytes.end(), pieces[i].begin(), pieces[i].end());
    std::span<char> view(bytes);
    const Http1Parser::Status status = parser.parse(view);
    Seen seen;
    if (status == Http1Parser::Status::kRejected) {
      seen.status = parser.rejection().status;
      seen.field = parser.rejection().field;
      seen.detail = parser.rejection().detail;
      seen.refused_bytes = parser.refused_bytes();
      return seen;
    }
    if (status == Http1Parser::Status::kComplete) {
      const Request request = parser.request(view);
      seen.method = request.method;
      seen.target = request.target;
      seen.path = request.path;
      seen.query = request.query;
      for (const Header& header : request.headers) seen.headers.emplace_back(header.name, header.value);
      seen.body = request.body;
      for (const auto& [name, value] : request.trailers)
        seen.trailers.append(name).append("=").append(value).append(" ");
      seen.keep_alive = parser.keep_alive();
      seen.rest = std::string(view.begin() + static_cast<std::ptrdiff_t>(parser.consumed()), view.end());
      for (size_t k = i + 1; k < pieces.size(); ++k) seen.rest += pieces[k];
      return seen;
    }
    kept.assign(view.begin(), view.end());
  }
  return Seen{.status = -1};
}

// The outcome of the whole, having made sure that every split into two, and into single bytes, gives the same.
Seen parse_every_way(std::string_view text, const Limits& limits = {}) {
  const Seen whole = parse_pieces({text}, limits);
  for (size_t at = 1; at < text.size(); ++at) {
    const Seen split = parse_pieces({text.substr(0, at), text.substr(at)}, limits);
    EXPECT_EQ(split, whole) << "split at " << at << " of " << testing::PrintToString(text);
  }
  std::vector<std::string_view> bytes;
  for (size_t at = 0; at < text.size(); ++at) bytes.push_back(text.substr(at, 1));
  EXPECT_EQ(parse_pieces(bytes, limits), whole) << "byte by byte: " << testing::PrintToString(text);
  return whole;
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(Http1Parser, ReadsARequestWithEverything) {
  const Seen seen = parse_every_way(
      "POST /check/a%20b?x=1&y=?z HTTP/1.1\r\nHost: example.com:8080\r\nContent-Length: 5\r\nX-Empty:\r\n"
      "X-Spaces: \t two  words \t\r\nX-Obs: caf\xc3\xa9\r\n\r\nhelloGET /next");
  EXPECT_EQ(seen.status, 0) << seen.detail;
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/check/a%20b?x=1&y=?z");
  EXPECT_EQ(seen.path, "/check/a%20b");
  EXPECT_EQ(seen.query, "x=1&y=?z");
  EXPECT_EQ(seen.body, "hello");
  EXPECT_EQ(seen.rest, "GET /next");
  EXPECT_TRUE(seen.keep_alive);
  const std::vector<std::pair<std::string, std::string>> headers = {{"Host", "example.com:8080"},
                                                                    {"Content-Length", "5"},
                                                                    {"X-Empty", ""},
                                                                    {"X-Spaces", "two  words"},
                                                                    {"X-Obs", "caf\xc3\xa9"}};
  EXPECT_EQ(seen.headers, headers);
}

TEST(Http1Parser, AcceptsWhatTheRfcAllows) {
  const struct {
    const char* text;
    const char* target;
    const char* body;
    bool keep_alive;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", "/", "", true},
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "/", "", true},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*", "", true},
      {"GET http://b.example/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "/x?y", "", true},
      {"GET HTTPS://b.example HTTP/1.1\r\nHost: a\r\n\r\n", "/", "", true},
      {"GET http://b.example?q HTTP/1.1\r\nHost: a\r\n\r\n", "/?q", "", true},
      {"GET /a|b{c}\"<>^`\\ HTTP/1.1\r\nHost: a\r\n\r\n", "/a|b{c}\"<>^`\\", "", true},
      {"GET / HTTP/1.0\r\n\r\n", "/", "", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "/", "", true},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "/", "", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, ,CLOSE ,keep-alive\r\n\r\n", "/", "", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", "/", "", true},
      {"POST / HTTP/1.1\r\nHost: [::1]:80\r\ncontent-LENGTH: 003\r\n\r\nabc", "/", "abc", true},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "/", "abc", true},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
       "1;x;y=z;w=\"q\\\" ;\"\r\na\r\n00002\r\nbc\r\nA\r\n0123456789\r\n000\r\nTrailer-X: 1\r\nY:\r\n\r\n",
       "/", "abc0123456789", true},
      {"brew-it! / HTTP/1.1\r\nHost: a\r\n\r\n", "/", "", true},
  };
  for (const auto& c : cases) {
    const Seen seen = parse_every_way(c.text);
    EXPECT_EQ(seen.status, 0) << c.text << seen.detail;
    EXPECT_EQ(seen.target, c.target) << c.text;
    EXPECT_EQ(seen.body, c.body) << c.text;
    EXPECT_EQ(seen.keep_alive, c.keep_alive) << c.text;
    EXPECT_EQ(seen.rest, "") << c.text;
  }
}

TEST(Http1Parser, GivesTrailersApartFromTheHeadersWithoutThoseThatBelongThere) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n";
  const Seen seen = parse_every_way(head +
                                    "X-Sum: 7\r\nAuthorization: Bearer x\r\nif-none-match: *\r\nCOOKIE: a\r\n"
                                    "Content-Digest: d\r\nX-Empty:\r\n\r\nGET /");
  EXPECT_EQ(seen.status, 0) << seen.detail;
  EXPECT_EQ(seen.body, "b");
  EXPECT_EQ(seen.trailers, "X-Sum=7 Content-Digest=d X-Empty= ");
  EXPECT_EQ(seen.headers.size(), 2u);
  EXPECT_EQ(seen.rest, "GET /");
  EXPECT_EQ(parse_every_way(head + "\r\n").trailers, "");
}

TEST(Http1Parser, BoundsTrailersAsItDoesHeads) {
  const Limits limits{.header_bytes_max = 90, .headers_max = 3};
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  EXPECT_EQ(parse_every_way(head + "a: 1\r\nb: 1\r\nc: 1\r\n\r\n", limits).status, 0);
  const Seen many = parse_every_way(head + "a: 1\r\nb: 1\r\nc: 1\r\nd: 1\r\n\r\n", limits);
  EXPECT_EQ(many.status, 431);
  EXPECT_EQ(many.field, "trailer");
  const Seen large = parse_every_way(head + "a: " + std::string(90, 'x') + "\r\n\r\n", limits);
  EXPECT_EQ(large.status, 431);
  EXPECT_EQ(large.field, "trailer");
  EXPECT_EQ(large.detail, "longer than the 90 bytes that are accepted");
}

TEST(Http1Parser, IgnoresEmptyLinesBeforeARequestWithinTheHeadsSize) {
  const std::string request = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
  const Limits limits{.header_bytes_max = 40, .headers_max = 3, .body_bytes_max = 10};
  std::string empty_lines;
  for (; empty_lines.size() + request.size() <= limits.header_bytes_max; empty_lines += "\r\n") {
    const Seen seen = parse_every_way(empty_lines + request + "GET /b", limits);
    EXPECT_EQ(seen.status, 0) << empty_lines.size() << " bytes before it: " << seen.detail;
    EXPECT_EQ(seen.target, "/a");
    EXPECT_EQ(seen.rest, "GET /b");
  }
  ASSERT_GE(empty_lines.size(), 8);
  EXPECT_EQ(parse_every_way(empty_lines + request, limits).status, 431);
  std::string only_empty_lines;
  for (size_t i = 0; i < limits.header_bytes_max / 2; ++i) only_empty_lines += "\r\n";
  EXPECT_EQ(parse_every_way(only_empty_lines.substr(0, 38), limits).status, -1);
  EXPECT_EQ(parse_every_way(only_empty_lines, limits).status, 414);
}

TEST(Http1Parser, AnAbsoluteTargetsHostTakesThePlaceOfTheField) {
  for (const char* target : {"http://b.example/", "http://b.example", "http://b.example?q"}) {
    const Seen seen = parse_every_way("GET " + std::string(target) + " HTTP/1.1\r\nX: y\r\nHost: a.example\r\n\r\n");
    ASSERT_EQ(seen.status, 0) << seen.detail;
    EXPECT_EQ(seen.headers[1], (std::pair<std::string, std::string>("Host", "b.example"))) << target;
  }
}

TEST(Http1Parser, RefusesWhatTwoServersMightReadDifferently) {
  const std::string_view line = "GET / HTTP/1.1\r\nHost: a\r\n";
  const struct {
    std::string text;
    int status;
    const char* field;
  } cases[] = {
      // Line ends.
      {"GET / HTTP/1.1\nHost: a\n\n", 400, "request-line"},
      {"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400, "header"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "header"},
      {"GET / HTTP/1.1\rHost: a\r\n\r\n", 400, "request-line"},
      {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400, "header"},
      {"\n", 400, "request-line"},
      {"\r\n\rGET / HTTP/1.1\r\n", 400, "request-line"},
      {"\r\n\r\n\nGET / HTTP/1.1\r\n", 400, "request-line"},
      // Request lines.
      {"GET /\r\n", 400, "request-line"},
      {"GET\r\n", 400, "request-line"},
      {" GET / HTTP/1.1\r\n", 400, "request-line"},
      {"GET  / HTTP/1.1\r\n", 400, "request-line"},
      {"GET /  HTTP/1.1\r\n", 400, "request-line"},
      {"GET / HTTP/1.1 \r\n", 400, "request-line"},
      {"GET\t/\tHTTP/1.1\r\n", 400, "request-line"},
      {"GE(T / HTTP/1.1\r\n", 400, "request-line"},
      {"GET /a b HTTP/1.1\r\n", 400, "request-line"},
      {"GET /a#b HTTP/1.1\r\n", 400, "request-line"},
      {"GET /caf\xc3\xa9 HTTP/1.1\r\n", 400, "request-line"},
      {"GET a HTTP/1.1\r\n", 400, "request-line"},
      {"GET * HTTP/1.1\r\n", 400, "request-line"},
      {"GET ftp://a/ HTTP/1.1\r\n", 400, "request-line"},
      {"GET http:///x HTTP/1.1\r\n", 400, "request-line"},
      {"GET http://user@a/x HTTP/1.1\r\n", 400, "request-line"},
      {"GET / http/1.1\r\n", 400, "request-line"},
      {"GET / HTTP/1\r\n", 400, "request-line"},
      {"GET / HTTP/11\r\n", 400, "request-line"},
      {"GET / HTTP/1.1x\r\n", 400, "request-line"},
      {"GET / HTTP/1.2\r\n", 505, "request-line"},
      {"GET / HTTP/2.0\r\n", 505, "request-line"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "request-line"},
      {"CONNECT a:443 HTTP/1.1\r\n", 501, "request-line"},
      {std::string("GET /\0 HTTP/1.1\r\n", 17), 400, "request-line"},
      {"\x16\x03\x01", 400, "request-line"},
      // Fields.
      {std::string(line) + "X : y\r\n\r\n", 400, "header"},
      {std::string(line) + "X\t: y\r\n\r\n", 400, "header"},
      {std::string(line) + " X: y\r\n\r\n", 400, "header"},
      {std::string(line) + "X: y\r\n folded\r\n\r\n", 400, "header"},
      {std::string(line) + "X: y\r\n\tfolded\r\n\r\n", 400, "header"},
      {std::string(line) + " \r\n\r\n", 400, "header"},
      {std::string(line) + ": y\r\n\r\n", 400, "header"},
      {std::string(line) + "X\r\n\r\n", 400, "header"},
      {std::string(line) + "X(: y\r\n\r\n", 400, "header"},
      {std::string(line) + "X\xe9: y\r\n\r\n", 400, "header"},
      {std::string(line) + "X: a\x01z\r\n\r\n", 400, "header"},
      {std::string(line) + "X: a\x7fz\r\n\r\n", 400, "header"},
      {std::string(line) + std::string("X: a\0z\r\n\r\n", 10), 400, "header"},
      // Host.
      {"GET / HTTP/1.1\r\n\r\n", 400, "Host"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "Host"},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "Host"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "Host"},
      {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400, "Host"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "Host"},
      {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "Host"},
      // Lengths.
      {std::string(line) + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400, "Content-Length"},
      {std::string(line) + "Content-Length: 1, 1\r\n\r\na", 400, "Content-Length"},
      {std::string(line) + "Content-Length:\r\n\r\n", 400, "Content-Length"},
      {std::string(line) + "Content-Length: +1\r\n\r\na", 400, "Content-Length"},
      {std::string(line) + "Content-Length: -1\r\n\r\na", 400, "Content-Length"},
      {std::string(line) + "Content-Length: 0x1\r\n\r\na", 400, "Content-Length"},
      {std::string(line) + "Content-Length: 1 1\r\n\r\na", 400, "Content-Length"},
      {std::string(line) + "Content-Length: 18446744073709551617\r\n\r\na", 400, "Content-Length"},
      {std::string(line) + "Content-Length: 0000000000000000001\r\n\r\na", 400, "Content-Length"},
      {std::string(line) + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "Content-Length"},
      {std::string(line) + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400, "Content-Length"},
      {std::string(line) + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
       "Transfer-Encoding"},
      {std::string(line) + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "Transfer-Encoding"},
      {std::string(line) + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501, "Transfer-Encoding"},
      {std::string(line) + "Transfer-Encoding: identity\r\n\r\n", 501, "Transfer-Encoding"},
      {std::string(line) + "Transfer-Encoding: \"chunked\"\r\n\r\n", 501, "Transfer-Encoding"},
      {std::string(line) + "Transfer-Encoding: \x0b"
                           "chunked\r\n\r\n",
       400, "header"},
      {std::string(line) + "Transfer-Encoding:\r\n\r\n", 501, "Transfer-Encoding"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "Transfer-Encoding"},
      {std::string(line) + "Expect: 200-ok\r\n\r\n", 417, "Expect"},
  };
  for (const auto& c : cases) {
    const Seen seen = parse_every_way(c.text);
    EXPECT_EQ(seen.status, c.status) << c.text << "\n" << seen.detail;
    EXPECT_EQ(seen.field, c.field) << c.text;
    EXPECT_NE(seen.detail, "") << c.text;
    EXPECT_EQ(seen.refused_bytes, 0u) << c.text;
  }
}

TEST(Http1Parser, RefusesBrokenChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const struct {
    std::string body;
    int status;
  } cases[] = {
      {"\r\n", 400},
      {"g\r\n", 400},
      {"0x1\r\na\r\n", 400},
      {"-1\r\n", 400},
      {" 1\r\na\r\n", 400},
      {"1 \r\na\r\n", 400},
      {"1\na\n0\n\n", 400},
      {"1\ra", 400},
      {"1;\r\na\r\n", 400},
      {"1;a=\r\na\r\n", 400},
      {"1;a=\"x\r\na\r\n", 400},
      {"1 ;a\r\na\r\n", 400},
      {"1\r\nab\r\n", 400},
      {"1\r\na\n0\r\n\r\n", 400},
      {"1\r\na\r0\r\n\r\n", 400},
      {"fffffffffffffffff\r\n", 400},
      {"fffffffffffffff\r\n", 413},
      {"1;" + std::string(300, 'x') + "\r\na\r\n", 400},
      {"0\r\nX: y\r\n folded\r\n\r\n", 400},
      {"0\r\nX y\r\n\r\n", 400},
      {"0\r\nContent-Length: 1\r\n\r\n", 400},
      {"0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"0\r\nHost: b\r\n\r\n", 400},
      {"0\r\nX: y\n\n", 400},
  };
  for (const auto& c : cases) {
    const Seen seen = parse_every_way(head + c.body);
    EXPECT_EQ(seen.status, c.status) << c.body << "\n" << seen.detail;
    EXPECT_EQ(seen.refused_bytes, 0u) << c.body;
  }
}

TEST(Http1Parser, WaitsForTheRest) {
  for (const std::string_view text :
       {kGet, std::string_view("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
        std::string_view("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "3;e=\"f\"\r\nabc\r\n0\r\nT: u\r\n\r\n")}) {
    for (size_t size = 0; size < text.size(); ++size) {
      EXPECT_EQ(parse_pieces({text.substr(0, size)}).status, -1) << text.substr(0, size);
    }
    EXPECT_EQ(parse_every_way(text).status, 0);
  }
}

TEST(Http1Parser, HoldsToItsLimits) {
  const Limits limits{.header_bytes_max = 100, .headers_max = 3, .body_bytes_max = 10};
  const auto padded = [](std::string_view before, size_t size, std::string_view after) {
    return std::string(before) + std::string(size - before.size() - after.size(), 'x') + std::string(after);
  };
  // Exactly the limit is accepted, one more is not.
  EXPECT_EQ(parse_every_way(padded("GET / HTTP/1.1\r\nHost: ", 100, "\r\n\r\n"), limits).status, 0);
  EXPECT_EQ(parse_every_way(padded("GET / HTTP/1.1\r\nHost: ", 101, "\r\n\r\n"), limits).status, 431);
  EXPECT_EQ(parse_every_way(padded("GET /", 101, " HTTP/1.1\r\n"), limits).status, 414);
  EXPECT_EQ(parse_every_way(padded("GET /", 99, ""), limits).status, 414);
  EXPECT_EQ(parse_every_way("GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nC: 2\r\nD: 3\r\n\r\n", limits).status, 0);
  EXPECT_EQ(parse_every_way("GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nC: 2\r\nD: 3\r\nE: 4\r\n\r\n", limits).status, 431);
  EXPECT_EQ(parse_every_way("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789", limits).body,
            "0123456789");

  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(parse_every_way(chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", limits).body, "0123456789");
  EXPECT_EQ(parse_every_way(chunked + "5\r\n01234\r\n6\r\n56789x\r\n0\r\n\r\n", limits).status, 413);
  EXPECT_EQ(parse_every_way(chunked + "0\r\n" + padded("T: ", 98, "\r\n\r\n"), limits).status, 0);
  EXPECT_EQ(parse_every_way(chunked + "0\r\n" + padded("T: ", 101, "\r\n\r\n"), limits).status, 431);
  EXPECT_EQ(parse_every_way(chunked + "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits).status, 0);
  EXPECT_EQ(parse_every_way(chunked + "0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", limits).status, 431);
}

TEST(Http1Parser, SaysWhereARefusedBodyEndsWhenItIsNear) {
  const Limits limits{.body_bytes_max = 10};
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ";
  const Seen near = parse_every_way(head + "20\r\n\r\n", limits);
  EXPECT_EQ(near.status, 413);
  EXPECT_EQ(near.refused_bytes, head.size() + 6 + 20);
  EXPECT_EQ(parse_every_way(head + "21\r\n\r\n", limits).refused_bytes, 0u);
  EXPECT_EQ(parse_every_way(head + "20\r\nExpect: 100-continue\r\n\r\n", limits).refused_bytes, 0u);
}

TEST(Http1Parser, TellsWhenTheClientWaitsToBeAskedForItsBody) {
  const auto awaits = [](std::string text) {
    Http1Parser parser({});
    std::span<char> bytes(text);
    EXPECT_EQ(parser.parse(bytes), Http1Parser::Status::kNeedMore);
    return parser.awaits_continue();
  };
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n";
  EXPECT_TRUE(awaits(head + "\r\n"));
  EXPECT_FALSE(awaits(head));
  EXPECT_FALSE(awaits("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_FALSE(awaits("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
}

// A body of one-byte chunks takes six bytes each on the wire; what is kept of them must not grow with that.
TEST(Http1Parser, KeepsNoMoreOfAChunkedBodyThanItsContent) {
  Http1Parser parser({});
  std::string text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const size_t head = text.size();
  for (int i = 0; i < 1'000; ++i) {
    text += "1\r\nx\r\n";
    std::span<char> bytes(text);
    ASSERT_EQ(parser.parse(bytes), Http1Parser::Status::kNeedMore);
    text.resize(bytes.size());
  }
  EXPECT_EQ(text.size(), head + 1'000);
}

TEST(Http1Parser, IsAsNewAfterReset) {
  Http1Parser parser({});
  std::string bad = "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: x\r\n\r\n";
  std::span<char> bytes(bad);
  ASSERT_EQ(parser.parse(bytes), Http1Parser::Status::kRejected);
  parser.reset();
  std::string good = "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  bytes = good;
  ASSERT_EQ(parser.parse(bytes), Http1Parser::Status::kComplete);
  EXPECT_TRUE(parser.is_head());
  parser.reset();
  std::string get(kGet);
  bytes = get;
  ASSERT_EQ(parser.parse(bytes), Http1Parser::Status::kComplete);
  EXPECT_FALSE(parser.is_head());
  EXPECT_EQ(parser.request(bytes).headers.size(), 1u);
  EXPECT_EQ(parser.request(bytes).body, "");
}

}  // namespace
}  // namespace rateguard::http

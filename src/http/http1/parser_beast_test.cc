// Differential: whatever our parser accepts, Boost.Beast's accepts too, with the same method, target and body.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/beast/http.hpp>
#include <optional>
#include <string>
#include <vector>

#include "http/http1/parser.h"

namespace rateguard::http {
namespace {

namespace http = boost::beast::http;

rc::Gen<std::string> any_of(std::vector<std::string> choices) {
  return rc::gen::elementOf(std::move(choices));
}

// Requests that are nearly right: each part is mostly good and now and then not.
rc::Gen<std::string> request_text() {
  const auto body_part =
      any_of({"", "abc", "3\r\nabc\r\n0\r\n\r\n", "1;x=y\r\na\r\n2;z=\"q\"\r\nbc\r\n0\r\nT: u\r\n\r\n",
              "1\r\na\r\n\r\n", "0\r\n\r\n", "00\r\n\r\n", "a\r\n0123456789\r\n0\r\n\r\n", "0\r\nT:\r\n\r\n"});
  const auto field = any_of({"Host: a\r\n",
                             "Host: a:80\r\n",
                             "Host:\r\n",
                             "Content-Length: 3\r\n",
                             "Content-Length: 003\r\n",
                             "Content-Length: 0\r\n",
                             "Content-Length: 3, 3\r\n",
                             "Transfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: gzip\r\n",
                             "transfer-encoding:\tChunked \r\n",
                             "Connection: close\r\n",
                             "Connection: keep-alive, x\r\n",
                             "Connection: ,\r\n",
                             "X: y\r\n",
                             "X:\r\n",
                             "X : y\r\n",
                             " y\r\n",
                             "X: \xc3\xa9\t!\r\n",
                             "X: y\n",
                             "X\r\n",
                             "Expect: 100-continue\r\n",
                             "Upgrade: x\r\n",
                             "Proxy-Connection: close\r\n",
                             "!#$%&'*+-.^_`|~9: z\r\n"});
  const auto target = any_of({"/", "/a?b", "*", "http://h/x", "/\"<>|{}", "/a#b", "a", "", "/a b", "/%00", "//", "/?"});
  const auto method = any_of({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "X-Y!", "get", "G T", ""});
  const auto version = any_of({"HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1"});
  return rc::gen::apply(
      [](const std::string& m, const std::string& t, const std::string& v, const std::vector<std::string>& fields,
         const std::string& body) {
        std::string text = m + " " + t + " " + v + "\r\n" + (v == "HTTP/1.1" ? "Host: h\r\n" : "");
        for (const std::string& f : fields) text += f;
        return text + "\r\n" + body;
      },
      method, target, version, rc::gen::resize(4, rc::gen::container<std::vector<std::string>>(field)), body_part);
}

// Requests without a fault, whatever is drawn: the fields that say where the body ends fit the body.
rc::Gen<std::string> good_request_text() {
  const auto body = any_of({"\r\n", "Content-Length: 0\r\n\r\n", "Content-Length: 3\r\n\r\nabc",
                            "Content-Length: 003\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                            "Transfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n2;z=\"q\"\r\nbc\r\n0\r\nT: u\r\n\r\n",
                            "transfer-encoding:\tChunked \r\n\r\na\r\n0123456789\r\n0\r\n\r\n",
                            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"});
  const auto field = any_of({"Connection: close\r\n", "Connection: keep-alive, x\r\n", "X: y\r\n", "X:\r\n",
                             "X: \xc3\xa9\t!\r\n", "!#$%&'*+-.^_`|~9: z\r\n", "Proxy-Connection: close\r\n"});
  return rc::gen::apply(
      [](const std::string& m, const std::string& t, const std::vector<std::string>& fields, const std::string& rest) {
        std::string text = m + " " + t + " HTTP/1.1\r\nHost: h\r\n";
        for (const std::string& f : fields) text += f;
        return text + rest;
      },
      any_of({"GET", "POST", "PUT", "DELETE", "X-Y!"}), any_of({"/", "/a?b", "http://h/x", "/%00", "//", "/?"}),
      rc::gen::resize(4, rc::gen::container<std::vector<std::string>>(field)), body);
}

struct Accepted {
  std::string method;
  std::string target;
  std::string body;
  size_t consumed = 0;
};

std::optional<Accepted> accepted_by_ours(std::string text) {
  Http1Parser parser({});
  std::span<char> bytes(text);
  if (parser.parse(bytes) != Http1Parser::Status::kComplete) return std::nullopt;
  const Request request = parser.request(bytes);
  return Accepted{std::string(request.method), std::string(request.target), std::string(request.body),
                  parser.consumed()};
}

// What Beast says against it; empty where it reads the same.
std::string objection_of_beast(const std::string& text, const Accepted& ours) {
  http::request_parser<http::string_body> beast;
  beast.eager(true);
  boost::system::error_code error;
  size_t consumed = 0;
  // Beast returns between the head and the body, and between chunks.
  while (!beast.is_done() && !error) {
    const size_t step = beast.put(boost::asio::buffer(text.data() + consumed, text.size() - consumed), error);
    consumed += step;
    if (step == 0) break;
  }
  if (error) return error.message();
  if (!beast.is_done()) return "incomplete";
  if (consumed != ours.consumed) return "ends elsewhere";
  if (std::string(beast.get().method_string()) != ours.method) return "another method";
  // Ours cuts an absolute form down to its path.
  if (!std::string(beast.get().target()).ends_with(ours.target)) return "another target";
  if (beast.get().body() != ours.body) return "another body";
  return {};
}

// Where Beast reads `text` in another way than we do, says how; empty where we do not accept it.
std::string disagreement(const std::string& text) {
  const auto ours = accepted_by_ours(text);
  return ours ? objection_of_beast(text, *ours) : "";
}

TEST(Http1AgainstBeast, WhatWeAcceptBeastReadsTheSameWay) {
  EXPECT_TRUE(rc::check("accepted alike", [] { RC_ASSERT(disagreement(*request_text()) == ""); }));
}

TEST(Http1AgainstBeast, GoodRequestsAreAcceptedByBoth) {
  EXPECT_TRUE(rc::check("good requests are accepted", [] {
    const std::string text = *good_request_text();
    const auto ours = accepted_by_ours(text);
    RC_ASSERT(ours.has_value());
    RC_ASSERT(objection_of_beast(text, *ours) == "");
  }));
}

// A good request in which one byte is changed, dropped or doubled.
TEST(Http1AgainstBeast, AlsoAfterOneByteWasChanged) {
  const std::vector<std::string> seeds = {
      "POST /check?a=b HTTP/1.1\r\nHost: example.com\r\nContent-Length: 11\r\nX-Y: z\r\n\r\nhello world",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nT: "
      "u\r\n\r\n",
  };
  for (const std::string& seed : seeds) {
    for (size_t at = 0; at < seed.size(); ++at) {
      for (int byte = -2; byte < 256; ++byte) {
        std::string text = seed;
        if (byte == -2) {
          text.erase(at, 1);
        } else if (byte == -1) {
          text.insert(at, 1, text[at]);
        } else {
          text[at] = static_cast<char>(byte);
        }
        ASSERT_EQ(disagreement(text), "") << text;
      }
    }
  }
}

}  // namespace
}  // namespace rateguard::http

#include "simulate/logs/log_entry.h"

#include <gtest/gtest.h>

namespace rateguard::simulate {
namespace {

TEST(ReadRequestLine, TakesRequestsApart) {
  const struct {
    std::string_view request;
    std::string_view method;
    std::string_view path;
    std::string_view host = {};
  } cases[] = {
      {"GET / HTTP/1.1", "GET", "/"},
      {"POST /a/b-with-more-than-sixteen-bytes?c=d HTTP/2.0", "POST", "/a/b-with-more-than-sixteen-bytes"},
      {"GET /a?b c HTTP/1.1", "GET", "/a"},
      {"GET /a b?c HTTP/1.1", "GET", "/a b"},
      {"GET /a HTTP/1.1 HTTP/1.1", "GET", "/a HTTP/1.1"},
      {"GET /a ", "GET", "/a "},
      {"GET /a HTTP/", "GET", "/a"},
      {"GET /a HTTP", "GET", "/a HTTP"},
      {"GET  /a HTTP/1.1", "GET", " /a"},
      {"GET /a", "GET", "/a"},
      {"get /a HTTP/1.1", "get", "/a"},
      {"GET https://shop.example:443/a?b HTTP/1.1", "GET", "/a", "shop.example:443"},
      {"GET https://shop.example HTTP/1.1", "GET", "/", "shop.example"},
      {"GET http://shop.example?b HTTP/1.1", "GET", "/", "shop.example"},
      {"OPTIONS * HTTP/1.1", "OPTIONS", "*"},
  };
  for (const auto& c : cases) {
    LogEntry entry;
    EXPECT_TRUE(read_request_line(c.request, entry)) << c.request;
    EXPECT_EQ(entry.method, c.method) << c.request;
    EXPECT_EQ(entry.path, c.path) << c.request;
    EXPECT_EQ(entry.host, c.host) << c.request;
  }
}

TEST(ReadRequestLine, RefusesWhatIsNoRequest) {
  for (const std::string_view request : {"", "-", "GET", "GET ", " /a HTTP/1.1", "/a HTTP/1.1", "G\x16T /a HTTP/1.1"}) {
    LogEntry entry;
    EXPECT_FALSE(read_request_line(request, entry)) << request;
    EXPECT_TRUE(entry.request_unreadable) << request;
  }
}

}  // namespace
}  // namespace rateguard::simulate

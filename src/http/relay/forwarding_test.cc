#include "http/relay/forwarding.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace rateguard::http {
namespace {

std::string forwarded(std::initializer_list<Header> fields) {
  std::vector<Header> to;
  forwardable(fields, to);
  std::string text;
  for (const Header& field : to) text += std::string(field.name) + "=" + std::string(field.value) + ";";
  return text;
}

TEST(Forwarding, FieldsOfTheConnectionStayBehind) {
  EXPECT_EQ(forwarded({{"A", "1"},
                       {"Connection", "keep-alive"},
                       {"Keep-Alive", "timeout=5"},
                       {"Proxy-Connection", "close"},
                       {"Transfer-Encoding", "chunked"},
                       {"Upgrade", "h2c"},
                       {"Expect", "100-continue"},
                       {"B", "2"}}),
            "A=1;B=2;");
}

TEST(Forwarding, SoDoesWhatConnectionNames) {
  EXPECT_EQ(forwarded({{"X-Hop", "1"}, {"x-other", "2"}, {"Connection", "close, x-hop"}, {"connection", "X-Other "}}),
            "");
}

// Or a client could strip a request of what says who it is and where it ends.
TEST(Forwarding, SomeFieldsCannotBeNamedAway) {
  EXPECT_EQ(forwarded({{"Connection", "Authorization, content-length, host, x-forwarded-for"},
                       {"Authorization", "a"},
                       {"Content-Length", "1"},
                       {"Host", "h"},
                       {"X-Forwarded-For", "f"}}),
            "Authorization=a;Content-Length=1;Host=h;X-Forwarded-For=f;");
}

}  // namespace
}  // namespace rateguard::http

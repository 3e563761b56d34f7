#include "simulate/logs/json_text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <boost/json.hpp>

namespace rateguard::simulate {
namespace {

namespace json = boost::json;

bool is_json(std::string_view text) {
  JsonCursor cursor(text);
  cursor.value();
  return !cursor.failed() && cursor.at_end();
}

TEST(JsonCursor, TakesForJsonWhatAnotherParserDoes) {
  EXPECT_TRUE(rc::check("is_json(text) == boost::json::parse(text)", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("{", "}", "[", "]", ",", ":", "\"a\"", "\"b\\\"\"", "1", "-2.5e3", "true", "null",
                                      " ", "{\"k\":", "[]", "{}", "x", "0", "01", "-", "-0", "0.5", "\""));
    std::string text;
    for (const std::string& piece : pieces) text += piece;
    boost::system::error_code error;
    json::parse(text, error);
    RC_ASSERT(is_json(text) == !error);
  }));
}

// A document of a few levels with every kind of value in it.
json::value random_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<int64_t>();
    case 3:
    case 4:
      return json::string(
          *rc::gen::container<std::string>(rc::gen::element('a', '"', '\\', '\n', '/', '\x01', '{', '}', ' ')));
    case 5: {
      json::array out;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) out.push_back(random_value(depth - 1));
      return out;
    }
    default: {
      json::object out;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
        out[std::string(1, static_cast<char>('a' + i))] = random_value(depth - 1);
      return out;
    }
  }
}

json::value read_again(const JsonValue& value) {
  switch (value.type) {
    case JsonType::kObject: {
      json::object out;
      JsonCursor inner(value.text);
      EXPECT_TRUE(inner.enter_object());
      while (const auto name = inner.next_name()) out[name->text] = read_again(inner.value());
      EXPECT_FALSE(inner.failed());
      return out;
    }
    case JsonType::kList: {
      json::array out;
      JsonCursor inner(value.text);
      EXPECT_TRUE(inner.open('['));
      while (inner.next_item()) out.push_back(read_again(inner.value()));
      return out;
    }
    case JsonType::kString: {
      std::string text;
      unescape_json(value.text, text);
      return json::string(text);
    }
    default:
      return json::parse(value.text);
  }
}

TEST(JsonCursor, FindsEveryValueOfADocument) {
  EXPECT_TRUE(rc::check("read(serialize(value)) == value", [] {
    const json::value value = random_value(4);
    const std::string text = json::serialize(value);
    JsonCursor cursor(text);
    RC_ASSERT(read_again(cursor.value()) == value);
    RC_ASSERT(cursor.at_end());
  }));
}

TEST(JsonCursor, SaysWhereAMistakeIs) {
  JsonCursor cursor(R"({"a":1,"b"=2})");
  ASSERT_TRUE(cursor.enter_object());
  while (cursor.next_name()) cursor.value();
  EXPECT_EQ(cursor.mistake(), "expected a colon, at character 11");
  EXPECT_FALSE(is_json(std::string(100'000, '[')));
  EXPECT_FALSE(is_json(std::string(65, '[') + std::string(65, ']')));
  EXPECT_TRUE(is_json(std::string(60, '[') + std::string(60, ']')));
}

TEST(UnescapeJson, UndoesEveryEscape) {
  const struct {
    std::string_view text;
    std::string_view out;
  } cases[] = {
      {R"(plain)", "plain"},
      {R"(a\"b\\c\/d)", "a\"b\\c/d"},
      {R"(\b\f\n\r\t)", "\b\f\n\r\t"},
      {R"(\u0041\u00e9\u20AC)", "A\xC3\xA9\xE2\x82\xAC"},
      {R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"},
      {R"(\ud83dx)", "\xEF\xBF\xBDx"},
      {R"(\ude00)", "\xEF\xBF\xBD"},
      {R"(\ud83d\u0041)",
       "\xEF\xBF\xBD"
       "A"},
      {R"(\u12)", "u12"},
  };
  std::string out;
  for (const auto& c : cases) {
    unescape_json(c.text, out);
    EXPECT_EQ(out, c.out) << c.text;
  }
}

}  // namespace
}  // namespace rateguard::simulate

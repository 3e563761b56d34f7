#include "server/http/plain_json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/json/basic_parser_impl.hpp>
#include <optional>
#include <string>

namespace rateguard::http_api {
namespace {

namespace json = boost::json;

constexpr size_t kDepthMax = 3;

// Writes down the events of either reader, one line each.
struct Recorder {
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;

  bool note(std::string_view what, std::string_view text = {}) {
    events.append(what).append(" ").append(text).append("\n");
    return true;
  }
  bool on_document_begin(json::error_code&) { return note("document"); }
  bool on_document_end(json::error_code&) { return note("end of document"); }
  bool on_object_begin(json::error_code&) { return note("object"); }
  bool on_object_end(size_t n, json::error_code&) { return note("end of object of", std::to_string(n)); }
  bool on_array_begin(json::error_code&) { return note("array"); }
  bool on_array_end(size_t n, json::error_code&) { return note("end of array of", std::to_string(n)); }
  bool on_key_part(json::string_view part, size_t, json::error_code&) { return note("part of key", part); }
  bool on_key(json::string_view rest, size_t n, json::error_code&) { return note("key", rest) && n == rest.size(); }
  bool on_string_part(json::string_view part, size_t, json::error_code&) { return note("part of string", part); }
  bool on_string(json::string_view rest, size_t, json::error_code&) { return note("string", rest); }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(int64_t value, json::string_view text, json::error_code&) {
    return note("whole " + std::to_string(value), text);
  }
  bool on_uint64(uint64_t, json::string_view text, json::error_code&) { return note("large", text); }
  bool on_double(double, json::string_view text, json::error_code&) { return note("decimal", text); }
  bool on_bool(bool value, json::error_code&) { return note(value ? "true" : "false"); }
  bool on_null(json::error_code&) { return note("null"); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  std::string events;
};

std::optional<std::string> read_plainly(std::string_view text) {
  Recorder recorder;
  if (!PlainJsonReader(text, recorder).read(kDepthMax)) return std::nullopt;
  return recorder.events;
}

std::optional<std::string> read_by_boost(std::string_view text) {
  json::basic_parser<Recorder> parser{json::parse_options{.max_depth = kDepthMax}};
  json::error_code error;
  const size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (error || used < text.size()) return std::nullopt;
  return parser.handler().events;
}

TEST(PlainJson, GivesTheEventsOfBoostJson) {
  for (const char* text : {
           R"({"key":"user:123","capacity":10,"explain":true})",
           R"( { "a" : [ 1 , "two" , { } , [ ] ] , "b" : null , "c" : false } )",
           "\t\r\n[0,\n999999999999999999]",
           R"({"":"","k":"~ /'"})",
           "[[[]]]",
           "\"\x7f\"",
           "0",
           "true",
       }) {
    ASSERT_TRUE(read_plainly(text).has_value()) << text;
    EXPECT_EQ(read_plainly(text), read_by_boost(text)) << text;
  }
}

TEST(PlainJson, LeavesTheRestOfJsonToBoostJson) {
  for (const char* text : {R"("a\nb")", R"({"\u006b":1})", "\"\xc3\xa4\"", "-1", "-0", "1.5", "1e3", "0.1", "0e0",
                           "1000000000000000000", "123456789012345678901"}) {
    EXPECT_EQ(read_plainly(text), std::nullopt) << text;
    EXPECT_TRUE(read_by_boost(text).has_value()) << text;
  }
}

TEST(PlainJson, GivesUpAtTextThatIsNotJson) {
  for (const char* text : {"",           " ",        "{",       "}",         "[",
                           "]",          "{\"a\"",   "{\"a\":", "{\"a\":1",  "{\"a\":1,",
                           "{\"a\":1,}", "{,}",      "{1:2}",   "{\"a\" 1}", "{\"a\":1 \"b\":2}",
                           "[1,]",       "[1 2]",    "[,]",     "{]",        "[}",
                           "01",         "00",       "1 2",     "tru",       "truex",
                           "nul",        "falsE",    "\"",      "\"a",       "\"\t\"",
                           "'a'",        "[[[[]]]]", "/**/1",   "{}{}",      "\"\xff\""}) {
    EXPECT_EQ(read_plainly(text), std::nullopt) << text;
    EXPECT_FALSE(read_by_boost(text).has_value()) << text;
  }
}

TEST(PlainJson, ReadsNothingThatBoostJsonReadsOtherwise) {
  const bool held = rc::check([] {
    // Pieces of JSON in any order: often JSON, always near it.
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "{", "}", "[", "]", ",", ":", "\"a\"", "\"\"", "\"b", "0", "12", "01", "1.5", "true", "null", "false", " ",
        "\n", "{\"a\":", "[1,", "\"\\n\"", "{}", "[]", "-"));
    std::string text;
    for (const std::string& piece : pieces) text += piece;
    const auto plainly = read_plainly(text);
    if (plainly) RC_ASSERT(plainly == read_by_boost(text));
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace rateguard::http_api

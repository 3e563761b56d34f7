#include "server/http/check_body.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

std::string error_of(std::string_view text) {
  CheckBodyParser parser;
  auto parsed = parser.parse_check(text);
  if (!parsed) return parsed.error().field + ": " + parsed.error().detail;
  const CheckBody& body = **parsed;
  return body.errors.empty() ? "" : body.errors[0].field + ": " + body.errors[0].detail;
}

TEST(CheckBody, KeepsTheTextOfEveryField) {
  CheckBodyParser parser;
  const auto parsed = parser.parse_check(
      R"({"key":"user:123","algorithm":"token_bucket","capacity":10,"refill_rate":0.1,"cost":3,"explain":true})");
  ASSERT_TRUE(parsed.has_value());
  const CheckBody& body = **parsed;
  EXPECT_TRUE(body.errors.empty());
  EXPECT_EQ(body.key().size(), 1U);
  EXPECT_EQ(body.key()[0], "user:123");
  EXPECT_EQ(body.value(Field::kAlgorithm).text, "token_bucket");
  EXPECT_EQ(body.value(Field::kCapacity).text, "10");
  EXPECT_EQ(body.value(Field::kCapacity).kind, JsonKind::kInteger);
  EXPECT_EQ(body.value(Field::kRefillRate).text, "0.1");
  EXPECT_EQ(body.value(Field::kRefillRate).kind, JsonKind::kDecimal);
  EXPECT_TRUE(body.explain);
  EXPECT_FALSE(body.present.has(Field::kWindow));
}

TEST(CheckBody, ReadsFactsAndTheirHeaders) {
  CheckBodyParser parser;
  const auto parsed = parser.parse_check(
      R"({"facts":{"method":"POST","path":"/a","ip":"::1","headers":{"X-A":"1","x-b":"two"},"cost":0}})");
  ASSERT_TRUE(parsed.has_value());
  const CheckBody& body = **parsed;
  EXPECT_TRUE(body.errors.empty());
  EXPECT_EQ(body.value(Field::kMethod).text, "POST");
  EXPECT_EQ(body.value(Field::kFactsCost).text, "0");
  ASSERT_EQ(body.headers.size(), 2U);
  EXPECT_EQ(body.headers[1].name, "x-b");
  EXPECT_EQ(body.headers[1].value, "two");
}

TEST(CheckBody, UnescapesStringsOfAnyLength) {
  CheckBodyParser parser;
  const std::string text =
      "{\"key\":[\"a\\u0000b\",\"\\ud83d\\ude00\",\"" + std::string(9000, 'x') + "\\n\"],\"\\u0072ule\":\"r\"}";
  const auto parsed = parser.parse_check(text);
  ASSERT_TRUE(parsed.has_value());
  const CheckBody& body = **parsed;
  EXPECT_TRUE(body.errors.empty());
  ASSERT_EQ(body.key().size(), 3U);
  EXPECT_EQ(body.key()[0], std::string_view("a\0b", 3));
  EXPECT_EQ(body.key()[1], "\xF0\x9F\x98\x80");
  EXPECT_EQ(body.key()[2], std::string(9000, 'x') + "\n");
  EXPECT_EQ(body.value(Field::kRule).text, "r");
}

TEST(CheckBody, AnyKeySurvivesTheWayThroughJson) {
  EXPECT_TRUE(rc::check("escaped and read back", [] {
    CheckBodyParser parser;
    for (int round = 0; round < 3; ++round) {
      const auto key = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
      std::string text = "{\"key\":";
      append_json_string(text, key);
      text += '}';
      const auto parsed = parser.parse_check(text);
      RC_ASSERT(parsed.has_value());
      RC_ASSERT((*parsed)->key()[0] == key);
    }
  }));
}

TEST(CheckBody, RefusesOtherThanJsonObjects) {
  EXPECT_EQ(error_of(""), "body: empty; expected a JSON object");
  EXPECT_EQ(error_of("   "), "body: not JSON: the text ends too early");
  EXPECT_EQ(error_of("[]"), "body: expected a JSON object, not an array");
  EXPECT_EQ(error_of("null"), "body: expected a JSON object, not null");
  EXPECT_EQ(error_of("\"x\""), "body: expected a JSON object, not \"x\"");
  EXPECT_EQ(error_of("{\"key\":\"a\""), "body: not JSON: the text ends too early");
  EXPECT_EQ(error_of("{\"key\":\"a\"}}"), "body: not JSON: more follows the object, at byte 11");
  EXPECT_EQ(error_of("{\"key\":\"a\"} {}"), "body: not JSON: more follows the object, at byte 12");
  EXPECT_EQ(error_of("{'key':1}"), "body: not JSON: syntax error at byte 1");
  EXPECT_EQ(error_of("{\"key\":\"a\",}"), "body: not JSON: syntax error at byte 11");
  EXPECT_EQ(error_of("{/**/}"), "body: not JSON: syntax error at byte 1");
  EXPECT_NE(error_of("{\"key\":\"\xFF\"}"), "");
  EXPECT_NE(error_of("{\"key\":\"\\ud800\"}"), "");
  EXPECT_NE(error_of("{\"capacity\":01}"), "");
  EXPECT_NE(error_of("{\"capacity\":NaN}"), "");
  EXPECT_EQ(error_of("{\"key\":[[[[[[[[[]]]]]]]]]}").substr(0, 30), "body: nested more than 8 deep,");
  EXPECT_EQ(error_of(" {} \n"), "");
}

TEST(CheckBody, NamesUnknownAndDoubledFields) {
  EXPECT_EQ(error_of(R"({"keey":"a"})"), "keey: unknown field");
  EXPECT_EQ(error_of(R"({"facts":{"color":"red"}})"), "facts.color: unknown field");
  EXPECT_EQ(error_of(R"({"key":"a","key":"b"})"), "key: given twice");
  EXPECT_EQ(error_of(R"({"facts":{},"facts":{"x":{}}})"), "facts: given twice");
  EXPECT_EQ(error_of(R"({"facts":{"ip":"1.2.3.4","ip":"1.2.3.4"}})"), "facts.ip: given twice");
  EXPECT_EQ(error_of(R"({"facts":{"headers":{"A":"1","A":"2"}}})"), "facts.headers.A: given twice");
  EXPECT_EQ(error_of(R"({"method":"GET"})"), "method: unknown field");
  // What belongs to an unknown field is not taken for what stands after it.
  EXPECT_EQ(error_of(R"({"key":"a","zzz":["b","c"]})"), "zzz: unknown field");
  EXPECT_EQ(error_of(R"({"facts":{"headers":{}},"zzz":{"ip":1}})"), "zzz: unknown field");
}

TEST(CheckBody, NamesTheValueThatIsOfAWrongKind) {
  EXPECT_EQ(error_of(R"({"key":5})"),
            "key: expected a string, or an array of strings for a rule by several things, not 5");
  EXPECT_EQ(error_of(R"({"key":["a",true]})"), "key: expected an array of strings, not one with true");
  EXPECT_EQ(error_of(R"({"key":["a",{"b":["c"]}]})"), "key: expected an array of strings, not one with an object");
  EXPECT_EQ(error_of(R"({"capacity":"ten"})"),
            "capacity: expected a whole number from 1 to 9007199254740991, not \"ten\"");
  EXPECT_EQ(error_of(R"({"capacity":[1]})"),
            "capacity: expected a whole number from 1 to 9007199254740991, not an array");
  EXPECT_EQ(error_of(R"({"capacity":null})"), "capacity: expected a whole number from 1 to 9007199254740991, not null");
  EXPECT_EQ(error_of(R"({"explain":"yes"})"), "explain: expected true or false, not \"yes\"");
  EXPECT_EQ(error_of(R"({"facts":[]})"), "facts: expected an object, not an array");
  EXPECT_EQ(error_of(R"({"facts":{"headers":[]}})"), "facts.headers: expected an object of strings");
  EXPECT_EQ(error_of(R"({"key":["1","2","3","4","5","6","7","8","9"]})"), "key: more than 8 parts");
  EXPECT_EQ(error_of("{\"algorithm\":" + std::string(500, '9') + "}").size(),
            std::string("algorithm: expected the name of an algorithm, not ...").size() + 64);
}

TEST(CheckBody, NeverRepeatsSecrets) {
  EXPECT_EQ(error_of(R"({"facts":{"api_key":12345}})"), "facts.api_key: expected a string");
  EXPECT_EQ(error_of(R"({"facts":{"headers":{"Authorization":12345}}})"),
            "facts.headers.Authorization: expected a string");
}

TEST(CheckBody, AParserForgetsTheCheckBefore) {
  CheckBodyParser parser;
  ASSERT_FALSE(parser.parse_check("{\"key\":[\"a\",\"b\"],\"explain\":true,\"bad\":1").has_value());
  const auto parsed = parser.parse_check(R"({"rule":"r"})");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE((*parsed)->errors.empty());
  EXPECT_TRUE((*parsed)->key().empty());
  EXPECT_FALSE((*parsed)->explain);
}

TEST(BatchBody, KeepsEntriesApart) {
  CheckBodyParser parser;
  const auto parsed = parser.parse_batch(R"({"checks":[{"key":"a"},5,{"bad":1},{"key":"d"}]})");
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->size(), 4U);
  EXPECT_EQ((*parsed)[0].key()[0], "a");
  EXPECT_EQ((*parsed)[1].errors[0].detail, "expected an object, not 5");
  EXPECT_EQ((*parsed)[2].errors[0].field, "bad");
  EXPECT_TRUE((*parsed)[3].errors.empty());
}

std::string batch_error_of(std::string_view text) {
  CheckBodyParser parser;
  const auto parsed = parser.parse_batch(text);
  return parsed ? "" : parsed.error().field + ": " + parsed.error().detail;
}

TEST(BatchBody, RefusesOtherThanBatches) {
  EXPECT_EQ(batch_error_of("{}"), "checks: missing; expected an array of checks");
  EXPECT_EQ(batch_error_of(R"({"checks":[]})"), "checks: empty; expected 1 to 1000 checks");
  EXPECT_EQ(batch_error_of(R"({"checks":{}})"), "checks: expected an array, not an object");
  EXPECT_EQ(batch_error_of(R"({"check":[]})"), "check: unknown field; a batch has only \"checks\"");
  EXPECT_EQ(batch_error_of(R"({"checks":[{}],"checks":[{}]})"), "checks: given twice");
  std::string many = R"({"checks":[{})";
  for (int i = 1; i < 1000; ++i) many += ",{}";
  EXPECT_EQ(batch_error_of(many + "]}"), "");
  EXPECT_EQ(batch_error_of(many + ",{}]}"), "checks: more than 1000 checks; send several batches");
}

TEST(ReleaseBody, HasAHoldAndNothingElse) {
  CheckBodyParser parser;
  EXPECT_EQ(parser.parse_release(R"({"hold":"abc"})").value(), "abc");
  EXPECT_EQ(parser.parse_release(R"({})").error().field, "hold");
  EXPECT_EQ(parser.parse_release(R"({"hold":5})").error().detail, "expected the text of a hold, not 5");
  EXPECT_EQ(parser.parse_release(R"({"hold":"a","key":"b"})").error().field, "key");
  EXPECT_EQ(parser.parse_release(R"({"key":["b"]})").error().field, "key");
}

}  // namespace
}  // namespace rateguard::http_api

#include "config/yaml_tree.h"

#include <gtest/gtest.h>

namespace rateguard::config {
namespace {

// A node on one line: text in quotes is "text", nothing is ~.
std::string written(const YamlNode& node) {
  std::string text;
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "~";
    case YamlNode::Kind::kScalar:
      return node.quoted ? '"' + node.text + '"' : node.text;
    case YamlNode::Kind::kSequence:
      for (const YamlNode* item : node.children) text += (text.empty() ? "" : ", ") + written(*item);
      return "[" + text + "]";
    case YamlNode::Kind::kMap:
      break;
  }
  for (size_t i = 0; i < node.children.size(); i += 2) {
    text += (text.empty() ? "" : ", ") + written(*node.children[i]) + ": " + written(*node.children[i + 1]);
  }
  return "{" + text + "}";
}

std::string read(std::string_view yaml, MergeOrder order = MergeOrder::kOwnKeysWin) {
  const auto document = parse_yaml(yaml, "f", order);
  return document ? written(document->root()) : document.error().to_string();
}

// The last value of a map whose first two are the anchored maps m and n.
std::string merged(const std::string& yaml, MergeOrder order = MergeOrder::kOwnKeysWin) {
  const std::string all = read("m: &m {a: 1, b: 2}\nn: &n {b: 3, c: 4}\nr: " + yaml, order);
  const size_t begins = all.find("r: ");
  return begins == std::string::npos ? all : all.substr(begins + 3, all.size() - begins - 4);
}

TEST(YamlTree, AMergeKeyAddsOnlyMissingKeys) {
  EXPECT_EQ(merged("{<<: *m}"), "{a: 1, b: 2}");
  EXPECT_EQ(merged("{<<: *m, b: 9}"), "{b: 9, a: 1}");
  EXPECT_EQ(merged("{b: 9, <<: *m}"), "{b: 9, a: 1}");
  EXPECT_EQ(merged("{!!merge <<: *m}"), "{a: 1, b: 2}");
  EXPECT_EQ(merged("{<<: {z: 5}}"), "{z: 5}");
  EXPECT_EQ(merged("\n  <<: *m\n  d: 7"), "{d: 7, a: 1, b: 2}");
}

TEST(YamlTree, OfSeveralMergedMapsTheFirstOneWins) {
  EXPECT_EQ(merged("{<<: [*m, *n]}"), "{a: 1, b: 2, c: 4}");
  EXPECT_EQ(merged("{<<: [*n, *m]}"), "{b: 3, c: 4, a: 1}");
}

TEST(YamlTree, AMergedMapBringsWhatItHasMergedItself) {
  EXPECT_EQ(read("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}"), "{a: {x: 1}, b: {y: 2, x: 1}, c: {y: 2, x: 1}}");
}

TEST(YamlTree, AMergeKeyInQuotesIsAKey) {
  EXPECT_EQ(read("{'<<': 5}"), "{\"<<\": 5}");
  EXPECT_EQ(read("{!!str <<: 5}"), "{\"<<\": 5}");
}

TEST(YamlTree, AMergeKeyTakesMapsOnly) {
  EXPECT_EQ(read("a: {<<: 5}"), "f:1:9: <<: expected a map, or a list of maps, found '5'");
  EXPECT_EQ(read("a: {<<: }"), "f:1:9: <<: expected a map, or a list of maps, found nothing");
  EXPECT_EQ(read("a: {<<: [{b: 1}, c]}"), "f:1:18: <<: expected a map, or a list of maps, found 'c'");
  EXPECT_EQ(read("a: {<<: {b: 1}, <<: {c: 1}}"), "f:1:17: the key '<<' is given twice, first in line 1");
  EXPECT_EQ(read("a: &a {<<: *a}"), "f:1:12: an alias inside the value that it stands for");
}

TEST(YamlTree, AKeyBeforeTheMergeKeyIsRefusedWhereParsersMayNotDisagree) {
  EXPECT_EQ(merged("{b: 9, <<: *m}", MergeOrder::kMergeKeyFirst).substr(0, 39),
            "f:3:5: the key 'b' stands before the '<");
  EXPECT_EQ(merged("{z: 9, <<: *m, b: 9}", MergeOrder::kMergeKeyFirst), "{z: 9, b: 9, a: 1}");
}

// 2^15 entries by doubling fifteen times are counted as what they stand for.
TEST(YamlTree, MergesAreBounded) {
  std::string yaml = "- &a0 {k0: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "a" + std::to_string(i - 1);
    yaml += "- &a" + std::to_string(i) + " {<<: *" + before + ", k" + std::to_string(i) + ": *" + before + "}\n";
  }
  EXPECT_TRUE(read(yaml).contains("more than 4000000 values")) << read(yaml).substr(0, 200);
}

TEST(YamlTree, TagsOfTheCoreSchemaGiveScalarsAType) {
  EXPECT_EQ(read("[!!str 5, !!int \"5\", !!float 1.5, !!bool yes, !!null ~, !!null \"\", !!str ]"),
            "[\"5\", 5, 1.5, yes, ~, ~, \"\"]");
  EXPECT_EQ(read("!!map {a: !!seq [1]}"), "{a: [1]}");
}

TEST(YamlTree, ATagThatItsValueDoesNotFitIsRefused) {
  EXPECT_EQ(read("a: !!int five"), "f:1:4: 'five' does not fit its tag, !!int");
  EXPECT_EQ(read("a: !!bool 1"), "f:1:4: '1' does not fit its tag, !!bool");
  EXPECT_EQ(read("a: !!seq {b: 1}"), "f:1:4: a map does not fit its tag, !!seq");
  EXPECT_EQ(read("a: !!map x"), "f:1:4: 'x' does not fit its tag, !!map");
  EXPECT_EQ(read("a: !!binary aGk="),
            "f:1:4: the tag 'tag:yaml.org,2002:binary' is not supported; those of the core schema are, such as !!str "
            "and !!int");
}

// yaml-cpp takes the text as it is where the file ends with a new line.
TEST(YamlTree, AnUnclosedQuoteSaysWhereTheFileEnds) {
  const std::string kOpened =
      "this is not valid YAML: a quote is opened here and not closed before the file ends, in line ";
  EXPECT_EQ(read("domain: d\nkey: \"abc\n"), "f:2:6: " + kOpened + "2");
  EXPECT_EQ(read("domain: d\nkey: 'it''s\nmore: x\n"), "f:2:6: " + kOpened + "3");
  EXPECT_EQ(read("é: &a !!str \"b\\\"\n\n"), "f:1:5: " + kOpened + "2");
  EXPECT_EQ(read("bad: \"\n"), "f:1:6: " + kOpened + "1");
  EXPECT_EQ(read("domain: it's [a\nkey: 'abc\n  def"), "f:2:6: " + kOpened + "3");
  EXPECT_EQ(read("- a: don't\n- - 'b'\n  - \"c: d, e\n- f"), "f:3:5: " + kOpened + "4");
  EXPECT_EQ(read("text: |\n  'a\nkey: 'abc"),
            "f:3:10: this is not valid YAML: the file ends here, inside a text whose quote is not closed")
      << "anything may stand in a block";
}

TEST(YamlTree, AnUnclosedQuoteInBracketsIsSaidToBeTheMistakeAndNotTheBracket) {
  const std::string kOpened =
      "this is not valid YAML: a quote is opened here and not closed before the file ends, in line ";
  for (const char* end : {"", "\n"}) {
    EXPECT_EQ(read(std::string("r: {name: \"a, limit: 5/m}") + end), "f:1:11: " + kOpened + "1");
    EXPECT_EQ(read(std::string("r: {name: 'it''s, limit: 5/m}") + end), "f:1:11: " + kOpened + "1");
    EXPECT_EQ(read(std::string("r:\n  - {name: a, match: {path: [/a, \"/b]}, limit: 5/m}\n  - {name: b}") + end),
              "f:2:34: " + kOpened + "3");
    EXPECT_EQ(read(std::string("r: {\"name: a}") + end), "f:1:5: " + kOpened + "1");
    EXPECT_EQ(read(std::string("r: {a: it's, # \"\n  b: &x !!str 'c}") + end), "f:2:15: " + kOpened + "2");
  }
}

TEST(YamlTree, ABracketThatIsNotClosedIsStillTheMistakeWhereQuotesAre) {
  EXPECT_EQ(read("r: {name: \"a\", b: it's\n"), "f:1:4: this is not valid YAML: a map is not closed, or lacks a comma");
  EXPECT_EQ(read("r: ['a', \"b\\\"\"\n"), "f:1:4: this is not valid YAML: a list is not closed, or lacks a comma");
}

TEST(YamlTree, AClosedQuoteAtTheEndIsGood) {
  EXPECT_EQ(read("é: &a !!str \"b\\\"\"\n"), "{é: \"b\"\"}");
  EXPECT_EQ(read("a: 'b'''\n"), "{a: \"b'\"}");
  EXPECT_EQ(read("a: |\n  \"b\n"), "{a: \"\"b\n\"}");
  EXPECT_EQ(read("a: 'b'  # it's closed\nc: \"'\"\nd: e\n"), "{a: \"b\", c: \"'\", d: e}");
}

}  // namespace
}  // namespace rateguard::config

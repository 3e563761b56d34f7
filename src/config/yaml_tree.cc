#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>
#include <unordered_set>

#include "config/open_quote.h"
#include "config/text_check.h"
#include "config/yaml_problem.h"
#include "config/yaml_scalar.h"
#include "text/quote.h"

namespace rateguard::config {

// Builds the tree from yaml-cpp's events. An event handler cannot stop the parser without throwing, so after a problem
// it ignores the rest, which the bound on the size of the text keeps short.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(YamlDocument& document, const std::string& file_name, MergeOrder merge_order)
      : document_(document), file_name_(file_name), merge_order_(merge_order) {}

  const std::optional<Error>& error() const { return error_; }

  // The last scalar in quotes, or block scalar, that began; or null.
  const YamlNode* last_quoted() const { return last_quoted_; }

  // The innermost collection that has begun and not ended, or null.
  const YamlNode* innermost() const { return open_.empty() ? nullptr : open_.back().node; }

  // Called after the last event: a text without a document has a root too.
  void finish() {
    if (!document_.root_) document_.root_ = &document_.nodes_.emplace_back();
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) problem(mark, "a second document begins here; expected one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(YamlNode::Kind::kNull, mark, anchor); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (error_) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) return problem(mark, "an alias inside the value that it stands for");
    const auto& [node, size] = found->second;
    if (!count(mark, size)) return;
    attach(*node);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!check_tag(mark, tag)) return;
    if (!fits_tag(value, tag)) {
      return problem(mark, fmt::format("{} does not fit its tag, !!{}", quote(value), core_type(tag)));
    }
    const bool is_null = core_type(tag) == "null";
    YamlNode* node = add(is_null ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar, mark, anchor);
    if (!node || is_null) return;
    node->text = value;
    node->quoted = tag == "!" || core_type(tag) == "str";
    last_quoted_ = node->quoted || tag != "?" ? node : last_quoted_;
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override {
    if (!error_) check_keys(*open_.back().node);
    if (!error_) merge(*open_.back().node);
    close();
  }

 private:
  struct Open {
    YamlNode* node;
    YAML::anchor_t anchor;
    size_t nodes_before;
  };
  struct Anchored {
    const YamlNode* node;
    size_t size;
  };

  void problem(int line, int column, std::string message) {
    if (error_) return;
    error_ = Error{.message = std::move(message), .position = {.file = file_name_, .line = line, .column = column}};
  }
  void problem(const YAML::Mark& mark, std::string message) {
    problem(mark.line + 1, mark.column + 1, std::move(message));
  }

  // yaml-cpp gives "?" for a plain value without a tag, "!" for one in quotes.
  bool check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!" || is_core_tag(tag)) return !error_;
    problem(mark, fmt::format("the tag {} is not supported; those of the core schema are, such as !!str and !!int",
                              quote(tag)));
    return false;
  }

  bool count(const YAML::Mark& mark, size_t nodes) {
    nodes_ += nodes;
    if (nodes_ <= kYamlNodesMax) return true;
    problem(mark, fmt::format("more than {} values, aliases counted as what they stand for", kYamlNodesMax));
    return false;
  }

  void attach(const YamlNode& node) {
    if (open_.empty()) {
      document_.root_ = &node;
    } else {
      open_.back().node->children.push_back(&node);
    }
  }

  YamlNode* add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (error_ || !count(mark, 1)) return nullptr;
    YamlNode& node = document_.nodes_.emplace_back();
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    attach(node);
    // A collection can be named only once it is complete: before, an alias to it would be a cycle.
    const bool whole = kind == YamlNode::Kind::kNull || kind == YamlNode::Kind::kScalar;
    if (anchor != 0 && whole) anchors_[anchor] = {&node, 1};
    return &node;
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (!check_tag(mark, tag)) return;
    const std::string_view type = core_type(tag);
    if (!type.empty() && type != (kind == YamlNode::Kind::kMap ? "map" : "seq")) {
      return problem(
          mark, fmt::format("a {} does not fit its tag, !!{}", kind == YamlNode::Kind::kMap ? "map" : "list", type));
    }
    if (open_.size() >= kYamlDepthMax)
      return problem(mark, fmt::format("more than {} levels of nesting", kYamlDepthMax));
    const size_t before = nodes_;
    if (YamlNode* node = add(kind, mark, anchor)) open_.push_back({node, anchor, before});
  }

  void close() {
    if (error_) return;
    const Open closed = open_.back();
    open_.pop_back();
    if (closed.anchor != 0) anchors_[closed.anchor] = {closed.node, nodes_ - closed.nodes_before};
  }

  void check_keys(const YamlNode& map) {
    std::unordered_map<std::string_view, const YamlNode*> seen;
    for (size_t i = 0; i < map.children.size(); i += 2) {
      const YamlNode& key = *map.children[i];
      if (!key.is_scalar())
        return problem(key.line, key.column, fmt::format("{} as a key; expected a name", key.describe()));
      const auto [first, added] = seen.emplace(key.text, &key);
      if (added) continue;
      return problem(key.line, key.column,
                     fmt::format("the key {} is given twice, first in line {}", key.describe(), first->second->line));
    }
  }

  static bool is_merge_key(const YamlNode& key) { return key.text == "<<" && !key.quoted; }

  // Replaces a map's merge key by the entries that it brings.
  void merge(YamlNode& map) {
    const auto& children = map.children;
    size_t at = 0;
    while (at < children.size() && !is_merge_key(*children[at])) at += 2;
    if (at == children.size()) return;
    const YamlNode& source = *children[at + 1];
    std::unordered_set<std::string_view> before;
    if (merge_order_ == MergeOrder::kMergeKeyFirst) {
      for (size_t i = 0; i < at; i += 2) before.insert(children[i]->text);
    }
    std::unordered_set<std::string_view> taken;
    for (size_t i = 0; i < children.size(); i += 2) taken.insert(children[i]->text);
    map.children.erase(map.children.begin() + at, map.children.begin() + at + 2);

    if (source.is_map()) return merge_one(map, source, before, taken);
    if (!source.is_sequence()) return wrong_source(source);
    for (const YamlNode* one : source.children) {
      if (!one->is_map()) return wrong_source(*one);
      merge_one(map, *one, before, taken);
    }
  }

  void merge_one(YamlNode& map, const YamlNode& source, const std::unordered_set<std::string_view>& before,
                 std::unordered_set<std::string_view>& taken) {
    for (size_t i = 0; i < source.children.size(); i += 2) {
      const YamlNode& key = *source.children[i];
      if (before.contains(key.text)) return given_before(map, key);
      if (!taken.insert(key.text).second) continue;
      map.children.push_back(&key);
      map.children.push_back(source.children[i + 1]);
    }
  }

  void wrong_source(const YamlNode& source) {
    problem(source.line, source.column,
            fmt::format("<<: expected a map, or a list of maps, found {}", source.describe()));
  }

  void given_before(const YamlNode& map, const YamlNode& merged) {
    for (size_t i = 0; i < map.children.size(); i += 2) {
      const YamlNode& own = *map.children[i];
      if (own.text != merged.text) continue;
      return problem(own.line, own.column,
                     fmt::format("the key {} stands before the '<<' that brings it too, and YAML parsers disagree "
                                 "on which of the two counts; write '<<' first",
                                 own.describe()));
    }
  }

  YamlDocument& document_;
  const std::string& file_name_;
  MergeOrder merge_order_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  const YamlNode* last_quoted_ = nullptr;
  size_t nodes_ = 0;
  int documents_ = 0;
  std::optional<Error> error_;
};

namespace {

// Reads the text in place.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // setg() requires it; nothing writes
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

Result<YamlDocument> parse_yaml(std::string_view text, const std::string& file_name, MergeOrder merge_order) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  if (text.size() > kYamlBytesMax) {
    return std::unexpected(Error{.message = fmt::format("{} bytes; at most {} are read", text.size(), kYamlBytesMax),
                                 .position = {.file = file_name}});
  }
  if (auto good = check_text(text, file_name); !good) return std::unexpected(good.error());

  YamlDocument document;
  TreeBuilder builder(document, file_name, merge_order);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (!builder.error() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    const YamlComplaint complaint{.message = e.msg, .line = e.mark.line + 1, .column = e.mark.column + 1};
    if (!builder.error()) {
      return std::unexpected(explain_yaml(complaint, text, builder.innermost(), file_name));
    }
  } catch (const std::exception& e) {  // anything that the library throws: bad_alloc, its asserts
    return std::unexpected(
        Error{.message = fmt::format("this is not valid YAML: {}", e.what()), .position = {.file = file_name}});
  }
  if (builder.error()) return std::unexpected(*builder.error());
  if (const YamlNode* last = builder.last_quoted()) {
    if (auto open = explain_open_quote(text, *last, file_name)) return std::unexpected(*std::move(open));
  }
  builder.finish();
  return document;
}

const YamlNode* YamlNode::find(std::string_view key) const {
  if (!is_map()) return nullptr;
  for (size_t i = 0; i + 1 < children.size(); i += 2) {
    if (children[i]->text == key) return children[i + 1];
  }
  return nullptr;
}

std::string YamlNode::describe() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a map";
    case Kind::kScalar:
      break;
  }
  return quote(text);
}

}  // namespace rateguard::config

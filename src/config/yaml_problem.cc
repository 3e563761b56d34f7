#include "config/yaml_problem.h"

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>

#include <algorithm>

#include "config/open_quote.h"

namespace rateguard::config {
namespace {

namespace YamlText = YAML::ErrorMsg;

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// The column of a tab that indents the line, counted from 1; 0 if there is none.
int tab_in_indentation(std::string_view line) {
  const size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  const size_t tab = line.substr(0, begin).find('\t');
  return tab == std::string_view::npos ? 0 : static_cast<int>(tab) + 1;
}

bool is_about_an_alias(std::string_view message) {
  return message == YamlText::ALIAS_NOT_FOUND || message == YamlText::CHAR_IN_ALIAS ||
         message == YamlText::UNKNOWN_ANCHOR || message == YamlText::ALIAS_CONTENT;
}

bool is_about_an_anchor(std::string_view message) {
  return message == YamlText::ANCHOR_NOT_FOUND || message == YamlText::CHAR_IN_ANCHOR;
}

// Whether the complaint is about a key or an item in another column than those beside it.
bool is_about_indentation(std::string_view message) {
  return message == YamlText::END_OF_MAP || message == YamlText::END_OF_SEQ || message == YamlText::BLOCK_ENTRY ||
         message == YamlText::MAP_KEY || message == YamlText::MAP_VALUE;
}

// Whether it is at the first colon of its line, and so after a key: then the line is where no key can be.
bool is_first_colon(const YamlComplaint& complaint, std::string_view line) {
  const auto at = static_cast<size_t>(complaint.column - 1);
  return line.find(':') == at;
}

std::string indentation(const YamlComplaint& complaint, std::string_view line, const YamlNode* innermost) {
  const size_t indented = std::min(line.find_first_not_of(' '), line.size());
  const auto column = static_cast<int>(indented) + 1;
  if (innermost == nullptr || innermost->line >= complaint.line || innermost->column == column) {
    return "the indentation does not fit the lines before it";
  }
  return fmt::format(
      "the indentation does not fit: this line begins in column {}, and {} around it, from line {} on, in "
      "column {}",
      column, innermost->describe(), innermost->line, innermost->column);
}

std::string in_words(const YamlComplaint& complaint, std::string_view line, const YamlNode* innermost) {
  if (is_about_an_alias(complaint.message)) {
    return "'*' at the front of a value names an anchor of YAML; put a value that begins with it in quotes, as in "
           "\"*.example.com\"";
  }
  if (is_about_an_anchor(complaint.message)) {
    return "'&' at the front of a value sets an anchor of YAML; put a value that begins with it in quotes";
  }
  if (complaint.message == YamlText::UNKNOWN_TOKEN) {
    return "a value cannot begin with this character; put it in quotes";
  }
  if (complaint.message == YamlText::MAP_VALUE && !is_first_colon(complaint, line)) {
    return "a ':' where no key can be; put a value with a colon in quotes, and give each key a separate line";
  }
  if (complaint.message == YamlText::EOF_IN_SCALAR)
    return "the file ends here, inside a text whose quote is not closed";
  if (is_about_indentation(complaint.message)) return indentation(complaint, line, innermost);
  return std::string(complaint.message);
}

}  // namespace

Error explain_yaml(const YamlComplaint& complaint, std::string_view text, const YamlNode* innermost,
                   const std::string& file_name) {
  const auto error = [&](int line, int column, std::string_view words) {
    return Error{.message = fmt::format("this is not valid YAML: {}", words),
                 .position = {.file = file_name, .line = line, .column = column}};
  };
  // The parser notices an unclosed bracket only at the end.
  const bool is_open = complaint.message == YamlText::END_OF_SEQ_FLOW || complaint.message == YamlText::END_OF_MAP_FLOW;
  if (innermost && is_open) {
    if (auto quote = explain_open_quote(text, *innermost, file_name)) return *std::move(quote);
  }
  if (complaint.message == YamlText::EOF_IN_SCALAR) {
    if (auto quote = explain_open_quote(text, file_name)) return *std::move(quote);
  }
  if (innermost && is_open) {
    return error(innermost->line, innermost->column,
                 fmt::format("{} is not closed, or lacks a comma", innermost->describe()));
  }
  const std::string_view line = line_of(text, complaint.line);
  if (const int tab = tab_in_indentation(line); tab > 0) {
    return error(complaint.line, tab, "a tab indents this line; expected spaces");
  }
  // The position of these two is after the wrong character.
  const bool is_behind =
      complaint.message == YamlText::ALIAS_NOT_FOUND || complaint.message == YamlText::ANCHOR_NOT_FOUND;
  return error(complaint.line, complaint.column - (is_behind ? 1 : 0), in_words(complaint, line, innermost));
}

}  // namespace rateguard::config

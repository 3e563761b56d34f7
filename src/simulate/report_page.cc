#include "simulate/report_page.h"

#include "simulate/output_file.h"
#include "simulate/page_parts.h"
#include "simulate/report_json.h"

namespace rateguard::simulate {
namespace {

// JSON that may stand in a <script>: nothing in it, whatever the log contains, ends the element or begins a comment
// (HTML, section 4.12.1.3), since these characters occur in strings only, where JSON lets them be escaped.
std::string script_safe(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 16);
  for (const char c : json) {
    switch (c) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string page_html(const Report& report) {
  std::string out;
  // The policy enforces "no network" even if a bug let data become markup.
  out += R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>RateGuard simulation</title>
<style>)html";
  out += kPageStyle;
  out += "</style>\n</head>\n";
  out += kPageBody;
  out += "<script type=\"application/json\" id=\"report\">";
  out += script_safe(to_json(report, JsonContent::kFiguresAndPlots));
  out += "</script>\n<script>\n'use strict';\n";
  out += kPageCharts;
  out += kPageScript;
  out += "</script>\n</body>\n</html>\n";
  return out;
}

Result<void> write_html(const Report& report, const std::string& path) {
  return write_output_file(path, page_html(report));
}

}  // namespace rateguard::simulate

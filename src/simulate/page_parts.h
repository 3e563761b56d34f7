// The fixed parts of the page: files in page/, which become part of the program when it is built (cmake/RgEmbed.cmake).
#pragma once

#include <string_view>

namespace rateguard::simulate {

extern const std::string_view kPageStyle;   // page/style.css: CSS
extern const std::string_view kPageBody;    // page/body.html: the markup that the script fills in
extern const std::string_view kPageCharts;  // page/charts.js: plots as SVG
extern const std::string_view kPageScript;  // page/script.js: what the page shows and how it answers

}  // namespace rateguard::simulate

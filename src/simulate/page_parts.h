// The fixed parts of the page, each in the file of its name.
#pragma once

#include <string_view>

namespace rateguard::simulate {

extern const std::string_view kPageStyle;   // page_style.cc: CSS
extern const std::string_view kPageBody;    // page_body.cc: the markup that the script fills in
extern const std::string_view kPageCharts;  // page_charts.cc: plots as SVG
extern const std::string_view kPageScript;  // page_script.cc: what the page shows and how it answers

}  // namespace rateguard::simulate

#include "simulate/page_parts.h"

namespace rateguard::simulate {

// The two hues are told apart by every common form of colour blindness, and by their lightness alone.
const std::string_view kPageStyle = R"css(
:root {
  --ground: #f6f5f1; --card: #ffffff; --ink: #1d2327; --soft: #5d6970; --line: #e2e0d8; --grid: #ecebe4;
  --admitted: #2f7f9e; --refused: #d1483a; --others: #e8a79b; --shadow: #b7801a; --accent: #1f6480; --wash: #eef5f7;
  --good: #2c7a4b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #111517; --card: #191f22; --ink: #e8ebec; --soft: #96a2a8; --line: #2b3337; --grid: #242b2f;
    --admitted: #3f93b3; --refused: #f0695a; --others: #8a4a43; --shadow: #dca63f; --accent: #7cc4de; --wash: #1d292e;
    --good: #68c48c;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main, header { max-width: 1180px; margin: 0 auto; padding: 0 28px; }
header { padding-top: 36px; padding-bottom: 8px; }
.brand { font-size: 12px; letter-spacing: .09em; text-transform: uppercase; color: var(--soft); font-weight: 600; }
.brand svg { vertical-align: -3px; margin-right: 7px; }
h1 { font-size: 30px; line-height: 1.2; margin: 8px 0 4px; letter-spacing: -.015em; font-weight: 650; text-wrap: balance; }
h1 b { color: var(--refused); font-weight: inherit; }
h1 b.none { color: var(--good); }
.sub { color: var(--soft); margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0; letter-spacing: -.005em; font-weight: 650; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px 18px; margin: 18px 0; }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; margin-bottom: 14px; }
.head .note { color: var(--soft); font-size: 13px; }
.head .right { margin-left: auto; display: flex; gap: 10px; align-items: center; min-width: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 20px 0 18px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 18px 13px; }
.tile .label { color: var(--soft); font-size: 13px; }
.tile .value { font-size: 27px; line-height: 1.25; font-weight: 620; letter-spacing: -.02em; }
.tile .value.small { font-size: 20px; line-height: 1.7; }
.tile .aside { color: var(--soft); font-size: 13px; }
.tile.refused .value { color: var(--refused); }
.tile.shadow .value { color: var(--shadow); }
.bar { position: sticky; top: 0; z-index: 5; background: var(--ground); border-bottom: 1px solid var(--line); }
.bar > div { max-width: 1180px; margin: 0 auto; padding: 9px 28px; display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: center; }
label { color: var(--soft); font-size: 13px; display: inline-flex; align-items: center; gap: 8px; min-width: 0; }
select {
  font: inherit; font-size: 14px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 5px 8px; max-width: min(460px, 70vw);
}
.seg { display: inline-flex; border: 1px solid var(--line); border-radius: 9px; overflow: hidden; background: var(--card); max-width: 100%; }
.seg button {
  font: inherit; font-size: 14px; color: var(--soft); background: none; border: 0; padding: 5px 14px; cursor: pointer;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
}
.seg button + button { border-left: 1px solid var(--line); }
.seg button[aria-pressed=true] { background: var(--accent); color: var(--card); font-weight: 600; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; color: var(--soft); }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; vertical-align: -1px; }
.legend i.stroke { height: 0; border-top: 2px solid; border-radius: 0; width: 16px; vertical-align: 4px; }
.legend i.dashed { border-top-style: dashed; }
.chart { position: relative; }
.chart svg { display: block; width: 100%; overflow: visible; }
.chart text { fill: var(--soft); font-size: 12px; }
.tip {
  position: absolute; top: 0; left: 0; pointer-events: none; background: var(--ink); color: var(--ground); font-size: 12.5px; line-height: 1.45;
  padding: 7px 11px; border-radius: 8px; white-space: nowrap; opacity: 0; transition: opacity .08s; z-index: 4;
}
.tip b { font-weight: 600; }
.empty { color: var(--soft); padding: 26px 0; text-align: center; }
.rows { display: grid; gap: 7px; }
.row { display: grid; grid-template-columns: minmax(130px, 290px) 1fr minmax(118px, auto); gap: 14px; align-items: center; font-size: 14px; }
.row .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; direction: ltr; }
.row .name small { color: var(--soft); margin-left: 8px; }
.row .track { height: 17px; position: relative; }
.row .track i { position: absolute; inset: 0 auto 0 0; border-radius: 4px; min-width: 2px; }
.row .count { text-align: right; color: var(--soft); font-size: 13px; white-space: nowrap; }
.row .count b { color: var(--ink); font-weight: 620; font-size: 14px; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 34px; }
.two h3, h3 { font-size: 14px; margin: 18px 0 10px; font-weight: 620; }
.two .row { grid-template-columns: minmax(110px, 260px) 1fr auto; }
.scroll { overflow-x: auto; margin: 0 -22px; padding: 0 22px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: right; color: var(--soft); font-weight: 500; font-size: 12.5px; padding: 4px 10px 7px; white-space: nowrap; border-bottom: 1px solid var(--line); }
td { text-align: right; padding: 8px 10px; border-bottom: 1px solid var(--grid); white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
td.wrap { white-space: normal; overflow-wrap: anywhere; min-width: 190px; }
td .under { display: block; color: var(--soft); font-size: 12.5px; }
td.bad { color: var(--refused); font-weight: 620; }
td.warn { color: var(--shadow); font-weight: 620; }
td.zero { color: var(--soft); opacity: .65; }
td.good { color: var(--good); font-weight: 620; }
td button { font: inherit; font-weight: 620; color: var(--accent); background: none; border: 0; padding: 0; cursor: pointer; text-align: left; }
td button:hover { text-decoration: underline; }
.chip { display: inline-block; font-size: 11.5px; color: var(--soft); border: 1px solid var(--line); border-radius: 99px; padding: 0 8px; margin-left: 8px; font-weight: 500; vertical-align: 1px; }
code { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 13px; max-width: 1180px; margin: 0 auto; padding: 6px 28px 46px; }
@media (max-width: 760px) {
  main, header, footer, .bar > div { padding-left: 16px; padding-right: 16px; }
  .two { grid-template-columns: 1fr; gap: 8px; }
  .row { grid-template-columns: minmax(90px, 40%) 1fr auto; gap: 9px; }
  h1 { font-size: 24px; }
  .head .right { margin-left: 0; }
}
@media print { .bar { position: static; } section { break-inside: avoid; } body { background: #fff; } }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
)css";

}  // namespace rateguard::simulate

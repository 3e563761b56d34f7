#include "simulate/page_parts.h"

namespace rateguard::simulate {

const std::string_view kPageBody = R"html(<body>
<header>
  <div class="brand"><svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><path d="M8 1 14 3.4V8c0 3.6-2.5 6-6 7-3.5-1-6-3.4-6-7V3.4Z" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"/><path d="M4.8 8h6.4" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/></svg>RateGuard simulation</div>
  <h1 id="headline"></h1>
  <p class="sub" id="subline"></p>
</header>
<div class="bar"><div>
  <span class="seg" id="scenarios" role="group" aria-label="Rules file" hidden></span>
  <label>Rule <select id="rule"></select></label>
  <span class="sub" id="rule-note"></span>
</div></div>
<main>
  <div class="tiles" id="tiles"></div>
  <section id="changes" aria-labelledby="changes-title" hidden>
    <div class="head"><h2 id="changes-title">What would change</h2><span class="note" id="changes-note"></span></div>
    <div class="two"><div id="newly-refused"></div><div id="newly-admitted"></div></div>
    <h3>By rule</h3>
    <div class="scroll"><table id="changes-table"></table></div>
  </section>
  <section aria-labelledby="traffic-title">
    <div class="head"><h2 id="traffic-title">Traffic over time</h2><span class="note" id="traffic-note"></span>
      <div class="right legend" id="traffic-legend"></div></div>
    <div class="chart" id="traffic"></div>
  </section>
  <section aria-labelledby="refused-title">
    <div class="head"><h2 id="refused-title">Most refused</h2><span class="note" id="refused-note"></span></div>
    <div id="refused"></div>
  </section>
  <section aria-labelledby="quota-title">
    <div class="head"><h2 id="quota-title">Remaining quota</h2><span class="note" id="quota-note"></span>
      <div class="right"><label>Subject <select id="subject"></select></label></div></div>
    <div class="chart" id="quota"></div>
  </section>
  <section aria-labelledby="rules-title">
    <div class="head"><h2 id="rules-title">Every rule</h2><span class="note">Choose one to see it above</span></div>
    <div class="scroll"><table id="rules"></table></div>
  </section>
  <section aria-labelledby="input-title">
    <div class="head"><h2 id="input-title">What was read</h2></div>
    <div class="scroll"><table id="logs"></table></div>
    <div id="malformed"></div>
  </section>
</main>
<footer id="footer">Times are UTC. Every decision is the limiter's own, at the recorded time of its request.</footer>
)html";

}  // namespace rateguard::simulate

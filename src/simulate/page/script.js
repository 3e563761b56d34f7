const report = JSON.parse(document.getElementById('report').textContent);
const scenarios = report.compare ? [report, report.compare] : [report];
const grid = report.grid;
const $ = id => document.getElementById(id);
const state = {scenario: 0, rule: -1, subject: ''};
const scenario = () => scenarios[state.scenario];
const chosen = () => state.rule < 0 ? null : scenario().rules[state.rule];
const fileName = path => path.split('/').pop() || path;
const plural = (n, one, many) => number(n) + ' ' + (n === 1 ? one : many);
// What the rule itself refused, or would have.
const own = r => r.refused + r.shadow_refused;

// Which requests a rule is about and what they cost, as its file says; empty for one that takes every request at 1.
function terms(r) {
  const m = r.match, list = (values, many) => values ? (values.length > 6 ? values.slice(0, 6).concat(`${values.length - 6} more`) : values).join(many) : '';
  return [[list(m.methods, '|'), list(m.hosts, '|'), list(m.paths, ', ')].filter(Boolean).join(' '), list(m.conditions, ', '), list(r.when, ' or '),
    r.cost.length ? 'cost ' + list(r.cost, ', ') : '', r.group ? 'group ' + r.group : ''].filter(Boolean).join(' · ');
}

// The first choice shows something: of the rules in force the one that refuses most, else of those in shadow mode, else all traffic.
function pickRule() {
  const rules = scenario().rules;
  const most = of => rules.reduce((best, r, i) => of(r) > (best < 0 ? 0 : of(rules[best])) ? i : best, -1);
  if (rules.length === 1) return 0;
  const enforced = most(r => r.refused);
  return enforced >= 0 ? enforced : most(own);
}

function headline() {
  const t = report.total;
  const share = t.requests && t.refused / t.requests < .1 && t.refused ? (100 * t.refused / t.requests).toFixed(2) + '%' : percent(t.refused, t.requests);
  if (report.compare) {
    const c = report.compare.changes;
    const strong = (n, good) => el('b', {class: good || !n ? 'none' : ''}, plural(n, 'request', 'requests'));
    $('headline').append(strong(c.newly_refused), ' newly refused, ', strong(c.newly_admitted, true), ' newly admitted');
  } else if (!t.requests) {
    $('headline').append('No request was read');
  } else {
    $('headline').append(el('b', {class: t.refused ? '' : 'none'}, number(t.refused)), ` of ${plural(t.requests, 'request', 'requests')} refused (${share})`);
  }
  const logs = report.logs.map(l => fileName(l.file));
  const files = scenarios.map(s => fileName(s.rules_file)).join(' compared with ');
  $('subline').textContent = files + ' · ' + (logs.length > 3 ? logs.slice(0, 3).join(', ') + ` and ${logs.length - 3} more` : logs.join(', ')) +
    (t.first ? ` · ${t.first.replace('T', ' ').replace('Z', '')} to ${t.last.replace('T', ' ').replace('Z', '')}` : '');
  document.title = 'RateGuard: ' + fileName(report.rules_file);
}

function tiles() {
  const s = scenario(), t = s.total, shadow = s.rules.reduce((n, r) => n + r.shadow_refused, 0);
  const trials = s.rules.some(r => r.mode === 'shadow'), longest = Math.max(0, ...s.rules.map(r => r.longest_wait_ms));
  const tile = (label, value, aside, kind) => el('div', {class: 'tile ' + (kind || '')},
    el('div', {class: 'label'}, label), el('div', {class: 'value'}, value), el('div', {class: 'aside'}, aside));
  $('tiles').replaceChildren(
    tile('Requests', number(t.requests), t.malformed ? plural(t.malformed, 'malformed line', 'malformed lines') : t.span_ms ? 'over ' + wait(t.span_ms) : ' '),
    tile('Admitted', number(t.admitted), percent(t.admitted, t.requests)),
    tile('Refused', number(t.refused), percent(t.refused, t.requests), t.refused ? 'refused' : ''),
    ...(trials ? [tile('Would be refused', number(shadow), 'by rules in shadow mode', shadow ? 'shadow' : '')] : []),
    ...(t.callers === null ? [] : [tile('Callers refused', number(t.callers_refused),
      'of ' + number(t.callers) + (trials && t.callers_shadow_refused ? ` · ${number(t.callers_shadow_refused)} in shadow mode` : ''))]),
    tile('Longest wait', longest ? wait(longest) : '–', longest ? 'asked of one caller' : 'nobody waits'));
}

function controls() {
  const box = $('scenarios');
  box.hidden = scenarios.length < 2;
  box.replaceChildren(...scenarios.map((s, i) => el('button', {type: 'button', 'aria-pressed': String(i === state.scenario), title: s.rules_file,
    onclick: () => { const name = chosen() && chosen().name; state.scenario = i; state.rule = name === null ? -1 : s.rules.findIndex(r => r.name === name); render(); }},
    fileName(s.rules_file))));
  $('rule').replaceChildren(el('option', {value: -1}, 'All traffic'), ...scenario().rules.map((r, i) => el('option', {value: i}, r.name)));
  $('rule').value = String(state.rule);
  const r = chosen();
  $('rule-note').textContent = r ? `${r.limit} · per ${r.per} · ${r.mode}` : plural(scenario().rules.length, 'rule', 'rules');
}

function traffic() {
  const r = chosen(), plots = scenario().plots, counts = r ? plots.rules[state.rule] : plots.total;
  const layers = [{name: 'admitted', values: counts.admitted, colour: 'var(--admitted)'},
                  {name: r ? 'refused by this rule' : 'refused', values: counts.refused, colour: 'var(--refused)'}];
  if (r && r.refused_by_others) layers.push({name: 'refused by others', values: counts.refused_by_others, colour: 'var(--others)'});
  const lines = [];
  if (r && r.mode === 'shadow') lines.push({name: 'would be refused (shadow)', values: counts.shadow_refused, colour: 'var(--shadow)'});
  const other = scenarios[1 - state.scenario], twin = other && r ? other.rules.findIndex(x => x.name === r.name) : -1;
  if (other && (!r || (twin >= 0 && r.mode === 'enforce'))) {
    lines.push({name: 'admitted under ' + fileName(other.rules_file), values: (r ? other.plots.rules[twin] : other.plots.total).admitted, colour: 'var(--ink)', dashed: true});
  }
  $('traffic-legend').replaceChildren(...layers.map(l => el('span', {}, el('i', {style: 'background:' + l.colour}), l.name)),
    ...lines.map(l => el('span', {}, el('i', {class: 'stroke' + (l.dashed ? ' dashed' : ''), style: 'border-color:' + l.colour}), l.name)));
  $('traffic-note').textContent = 'requests per ' + wait(grid.step_ms);
  if (!report.total.requests) return $('traffic').replaceChildren(el('div', {class: 'empty'}, 'No request was read.'));
  stackedBars($('traffic'), {grid, layers, lines, label: 'Requests over time. Arrow keys walk through them.',
    describe: i => layers.concat(lines).map(l => `${number(l.values[i])} ${l.name}`)});
}

function refused() {
  const r = chosen();
  const list = r ? r.top_subjects.map(s => ({...s, rule: ''}))
                 : scenario().rules.flatMap(x => x.top_subjects.map(s => ({...s, rule: x.name}))).sort((a, b) => b.refused - a.refused).slice(0, 20);
  const shadow = r && r.mode === 'shadow';
  const trial = s => shadow || (s.rule && scenario().rules.find(x => x.name === s.rule).mode === 'shadow');
  $('refused-title').textContent = shadow ? 'Who would be refused most' : 'Most refused';
  $('refused-note').textContent = r ? `${number(r.subjects_refused)} of ${plural(r.subjects, 'subject', 'subjects')}${shadow ? ' would be refused at least once' : ' refused at least once'}` : 'over every rule';
  const verb = shadow ? 'would be refused' : 'were refused';
  if (!list.length) return $('refused').replaceChildren(el('div', {class: 'empty'}, r && r.refused_for_missing ?
    `Only requests that lack ${r.missing.filter(m => m.effect === 'reject').map(m => m.part).join(' or ')} ${verb}: ${number(r.refused_for_missing)}.` : `Nobody ${shadow ? 'would be' : 'was'} refused.`));
  barRows($('refused'), list.map(s => ({name: s.name, small: s.rule + (s.rule && trial(s) ? ' (shadow)' : ''), part: s.refused, whole: s.requests,
    colour: trial(s) ? 'var(--shadow)' : 'var(--refused)', of: ` of ${number(s.requests)}`})));
}

function quotaPlot() {
  const all = scenario().plots.quotas.filter(q => state.rule < 0 || q.rule === chosen().name);
  const select = $('subject');
  select.parentElement.hidden = !all.length;
  $('quota-note').textContent = '';
  if (!all.length) return $('quota').replaceChildren(el('div', {class: 'empty'}, 'No counter was used by this rule.'));
  const name = q => (state.rule < 0 ? q.rule + ': ' : '') + q.subject;
  select.replaceChildren(...all.map(q => el('option', {value: q.rule + '\n' + q.subject}, name(q))));
  const q = all.find(x => x.rule + '\n' + x.subject === state.subject) || all[0];
  select.value = q.rule + '\n' + q.subject;
  const times = q.refused.reduce((a, b) => a + b, 0), trial = scenario().rules.find(x => x.name === q.rule).mode === 'shadow';
  const refusals = n => trial ? number(n) + ' would be refused' : plural(n, 'refusal', 'refusals');
  $('quota-note').textContent = (times ? refusals(times) + ', marked below the curve' : trial ? 'would never be refused' : 'never refused') +
    ` · the ${wait(q.grid.step_ms * q.grid.pieces)} in which the subject was active`;
  quotaSteps($('quota'), {grid: q.grid, quota: q, colour: trial ? 'var(--shadow)' : 'var(--refused)', label: 'Remaining quota over time. Arrow keys walk through it.',
    describe: i => q.lowest[i] === null ? ['no request'] : [`lowest ${number(q.lowest[i])} of ${number(q.limit)}`, `${number(q.at_end[i] ?? q.lowest[i])} at the end`,
      ...(q.refused[i] ? [refusals(q.refused[i])] : [])]});
}

const cell = (n, kind) => el('td', {class: n ? kind || '' : 'zero'}, number(n));
// On a narrow screen a row becomes a list, and each cell says which column it was.
function table(host, head, body) {
  const titles = [...head.querySelectorAll('th')].map(th => th.textContent);
  for (const row of body.children) [...row.children].forEach((td, i) => { td.dataset.label = titles[i] || ''; });
  host.className = 'stack';
  host.replaceChildren(head, body);
}
const heads = (...titles) => el('thead', {}, el('tr', {}, ...titles.map(t => el('th', {class: t.startsWith('<') ? 'text' : ''}, t.replace('<', '')))));

function rulesTable() {
  table($('rules'), heads('Rule', 'Requests', 'Admitted', 'Refused', 'By others', 'Shadow', 'Subjects hit', 'Longest wait', '<Worst subject'),
    el('tbody', {}, ...scenario().rules.map((r, i) => el('tr', {},
      el('td', {class: 'wrap'}, el('button', {type: 'button', onclick: () => { state.rule = i; render(); $('traffic-title').scrollIntoView({block: 'center'}); }}, r.name),
        r.mode === 'enforce' ? null : el('span', {class: 'chip'}, r.mode), el('span', {class: 'under'}, `${r.limit} · per ${r.per}`),
        terms(r) ? el('span', {class: 'under'}, terms(r)) : null),
      cell(r.requests), cell(r.admitted), cell(r.refused, 'bad'), cell(r.refused_by_others), cell(r.shadow_refused, 'warn'),
      el('td', {class: r.subjects_refused ? '' : 'zero'}, `${number(r.subjects_refused)} of ${number(r.subjects)}`),
      el('td', {class: r.longest_wait_ms ? '' : 'zero'}, r.longest_wait_ms ? wait(r.longest_wait_ms) : '–',
        r.refused_for_ever ? el('span', {class: 'under'}, `${number(r.refused_for_ever)} never fit`) : null),
      el('td', {class: 'text wrap'}, r.worst_subject ? r.worst_subject.name : '–',
        r.worst_subject ? el('span', {class: 'under'}, `${number(r.worst_subject.refused)} of ${number(r.worst_subject.requests)} ${r.mode === 'shadow' ? 'would be refused' : 'refused'}`) : null)))));
}

function changes() {
  if (!report.compare) return;
  $('changes').hidden = false;
  const c = report.compare.changes, before = report.rules, after = report.compare.rules;
  $('changes-note').textContent = `from ${fileName(report.rules_file)} to ${fileName(report.compare.rules_file)}: ${plural(c.requests_changed, 'answer changes', 'answers change')}`;
  const list = (host, title, items, subjects, colour) => {
    const rows = el('div', {});
    const shown = items.slice(0, 10);
    if (shown.length) barRows(rows, shown.map(s => ({name: s.subject, small: s.rule, part: s.requests, whole: s.requests, colour})));
    else rows.append(el('div', {class: 'empty'}, 'Nobody.'));
    host.replaceChildren(el('h3', {}, title, el('span', {class: 'chip'}, plural(subjects, 'subject', 'subjects'))), rows);
  };
  list($('newly-refused'), 'Newly refused', c.top_newly_refused, c.subjects_newly_refused, 'var(--refused)');
  list($('newly-admitted'), 'Newly admitted', c.top_newly_admitted, c.subjects_newly_admitted, 'var(--admitted)');
  const names = [...new Set([...before, ...after].map(r => r.name))];
  const none = {requests: 0, admitted: 0, refused: 0, shadow_refused: 0, subjects_refused: 0};
  // A rule that comes or goes admits or refuses nobody by that: only rules on both sides are painted.
  const delta = (both, a, b, more, less) => !both ? el('td', {class: a || b ? '' : 'zero'}, number(a || b)) : el('td', {class: a === b ? 'zero' : b > a ? more : less}, a === b ? '=' : (b > a ? '+' : '−') + number(Math.abs(b - a)),
    el('span', {class: 'under'}, `${number(a)} → ${number(b)}`));
  table($('changes-table'), heads('Rule', 'Requests', 'Admitted', 'Refused', 'Shadow', 'Subjects hit'),
    el('tbody', {}, ...names.map(name => {
      const a = before.find(r => r.name === name), b = after.find(r => r.name === name), x = a || none, y = b || none;
      const limits = a && b ? (a.limit === b.limit ? a.limit : `${a.limit} → ${b.limit}`) : (a || b).limit;
      return el('tr', {}, el('td', {class: 'wrap'}, el('b', {}, name), a && b ? null : el('span', {class: 'chip'}, a ? 'removed' : 'added'), el('span', {class: 'under'}, limits)),
        delta(a && b, x.requests, y.requests, '', ''), delta(a && b, x.admitted, y.admitted, 'good', 'bad'), delta(a && b, x.refused, y.refused, 'bad', 'good'),
        delta(a && b, x.shadow_refused, y.shadow_refused, 'warn', 'good'), delta(a && b, x.subjects_refused, y.subjects_refused, 'bad', 'good'));
    })));
}

function input() {
  table($('logs'), heads('Log', 'Format', 'Lines', 'Malformed'), el('tbody', {}, ...report.logs.map(l => el('tr', {},
    el('td', {class: 'wrap'}, l.file, l.problem ? el('span', {class: 'under'}, 'ended early: ' + l.problem) : null),
    el('td', {}, l.format), cell(l.lines), cell(l.malformed, 'warn')))));
  const t = report.total;
  $('malformed').replaceChildren(...report.remarks_on_input.map(n => el('p', {class: 'sub'}, n)));
  if (!report.malformed_examples.length) return;
  $('malformed').append(el('h3', {}, 'Malformed lines', el('span', {class: 'chip'}, number(t.malformed) + ' skipped')),
    el('table', {}, el('tbody', {}, ...report.malformed_examples.map(m => el('tr', {},
      el('td', {class: 'wrap'}, `${fileName(m.file)}:${m.line}`, el('span', {class: 'under'}, m.why)),
      el('td', {class: 'text wrap'}, el('code', {}, m.text)))))));
}

// What has to be known before believing the figures: of both files at once, since both are compared from the first moment on.
function remarks() {
  const shown = scenarios.flatMap(s => s.remarks.map(text => ({file: s.rules_file, text})));
  $('remarks').replaceChildren(...shown.map(r => el('p', {}, scenarios.length > 1 ? el('b', {}, fileName(r.file) + ': ') : null, r.text)));
  $('remarks').hidden = !shown.length;
}

function drawPlots() { traffic(); quotaPlot(); }
function render() { controls(); tiles(); remarks(); refused(); rulesTable(); drawPlots(); }

headline();
changes();
input();
state.rule = pickRule();
$('rule').onchange = e => { state.rule = Number(e.target.value); render(); };
$('subject').onchange = e => { state.subject = e.target.value; quotaPlot(); };
let drawn = 0;
new ResizeObserver(() => { if (innerWidth !== drawn) { drawn = innerWidth; drawPlots(); } }).observe(document.body);
render();

// ---- Numbers and times for people ----
const number = n => n.toLocaleString('en-US');
const compact = n => n >= 1e6 ? (n / 1e6).toFixed(n < 1e7 ? 1 : 0) + 'M' : n >= 1e4 ? Math.round(n / 1e3) + 'k' : number(n);
const percent = (part, whole) => whole ? (100 * part / whole).toFixed(part && part / whole < .1 ? 1 : 0) + '%' : '–';
const pad = n => String(n).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const day = t => t.getUTCDate() + ' ' + MONTHS[t.getUTCMonth()];
const clock = t => pad(t.getUTCHours()) + ':' + pad(t.getUTCMinutes());
function moment(ms, step) {
  const t = new Date(ms);
  return step >= 864e5 ? day(t) + ' ' + t.getUTCFullYear() : day(t) + ', ' + clock(t) + (step < 6e4 ? ':' + pad(t.getUTCSeconds()) : '');
}
function wait(ms) {
  if (ms < 1000) return ms + ' ms';
  let s = Math.ceil(ms / 1000);
  const out = [];
  for (const [unit, length] of [['d', 86400], ['h', 3600], ['m', 60], ['s', 1]]) {
    const n = Math.floor(s / length);
    s -= n * length;
    if (n || out.length) out.push(n ? n + unit : '');
    if (out.length === 2) break;
  }
  return out.filter(Boolean).join(' ');
}

// ---- Elements: text is only ever set as text ----
function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [k, v] of Object.entries(props || {})) {
    if (k === 'class') node.className = v; else if (k.startsWith('on')) node[k] = v; else node.setAttribute(k, v);
  }
  node.append(...children.filter(c => c !== null && c !== undefined));
  return node;
}
function svg(tag, props, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [k, v] of Object.entries(props || {})) node.setAttribute(k, v);
  node.append(...children);
  return node;
}

// ---- Axes ----
function niceStep(max, ticks) {
  const raw = Math.max(max, 1) / ticks, base = 10 ** Math.floor(Math.log10(raw));
  return Math.max(1, [1, 2, 2.5, 5, 10].map(m => m * base).find(s => s >= raw && Number.isInteger(s)) || base * 10);
}
function timeTicks(begin, end, width) {
  const steps = [1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 6048e5, 12096e5, 24192e5, 78624e5, 314496e5];
  const most = Math.max(2, Math.floor(width / 95));
  const step = steps.find(s => (end - begin) / s <= most) || steps[steps.length - 1];
  const out = [];
  for (let t = Math.ceil(begin / step) * step; t <= end; t += step) out.push(t);
  return {out, label: ms => {
    const t = new Date(ms);
    if (step >= 864e5) return day(t);
    if (step < 6e4) return clock(t) + ':' + pad(t.getUTCSeconds());
    return t.getUTCHours() === 0 && t.getUTCMinutes() === 0 ? day(t) : clock(t);
  }};
}

// A frame with axes over the grid of time; `draw(x, y, root, plot)` fills it, `describe(i)` says what a piece holds. The pieces are walked
// by pointer or by arrow keys.
function timeChart(host, {grid, height, max, label, draw, describe}) {
  const width = Math.max(280, host.clientWidth), left = 46, right = 6, top = 8, bottom = 26;
  const end = grid.begin_ms + grid.step_ms * grid.pieces;
  const step = niceStep(max, 4), ceiling = Math.max(step, Math.ceil(max / step) * step);
  const x = i => left + (width - left - right) * i / grid.pieces;
  const y = v => top + (height - top - bottom) * (1 - v / ceiling);
  const root = svg('svg', {viewBox: `0 0 ${width} ${height}`, height, role: 'img', tabindex: 0, 'aria-label': label});
  for (let v = 0; v <= ceiling; v += step) {
    root.append(svg('line', {x1: left, x2: width - right, y1: y(v), y2: y(v), stroke: v ? 'var(--grid)' : 'var(--line)'}),
                svg('text', {x: left - 8, y: y(v) + 4, 'text-anchor': 'end'}, compact(v)));
  }
  const ticks = timeTicks(grid.begin_ms, end, width - left - right);
  for (const t of ticks.out) {
    const at = left + (width - left - right) * (t - grid.begin_ms) / (end - grid.begin_ms);
    root.append(svg('line', {x1: at, x2: at, y1: height - bottom, y2: height - bottom + 4, stroke: 'var(--line)'}),
                svg('text', {x: Math.min(at, width - 16), y: height - 6, 'text-anchor': at < left + 20 ? 'start' : 'middle'}, ticks.label(t)));
  }
  draw(x, y, root, {left, right: width - right, top, floor: height - bottom});
  const cursor = svg('rect', {y: top, height: height - top - bottom, width: Math.max(1, x(1) - x(0)), fill: 'var(--ink)', opacity: 0});
  root.append(cursor);
  const tip = el('div', {class: 'tip', role: 'status', 'aria-live': 'polite'});
  let piece = -1;
  const show = i => {
    piece = Math.max(0, Math.min(grid.pieces - 1, i));
    cursor.setAttribute('x', x(piece));
    cursor.setAttribute('opacity', .1);
    tip.replaceChildren(el('b', {}, moment(grid.begin_ms + piece * grid.step_ms, grid.step_ms)),
                        ...describe(piece).map(line => el('div', {}, line)));
    tip.style.opacity = 1;
    const scale = host.clientWidth / width, at = x(piece + .5) * scale;
    tip.style.left = Math.max(0, Math.min(host.clientWidth - tip.offsetWidth, at < host.clientWidth / 2 ? at + 14 : at - tip.offsetWidth - 14)) + 'px';
  };
  const hide = () => { tip.style.opacity = 0; cursor.setAttribute('opacity', 0); };
  root.onpointermove = e => {
    const box = root.getBoundingClientRect(), px = (e.clientX - box.left) * width / box.width;
    if (px < left) hide(); else show(Math.floor((px - left) / (width - left - right) * grid.pieces));
  };
  root.onpointerleave = hide;
  root.onblur = hide;
  root.onkeydown = e => {
    const jump = {ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10}[e.key];
    if (jump) show(piece + jump); else if (e.key === 'Home') show(0); else if (e.key === 'End') show(grid.pieces - 1); else if (e.key === 'Escape') hide(); else return;
    e.preventDefault();
  };
  host.replaceChildren(root, tip);
}

// Bars of `layers` [{values, colour}] on one another, and `lines` [{values, colour, dashed}] of steps over them.
function stackedBars(host, {grid, layers, lines, label, describe}) {
  let max = 0;
  for (let i = 0; i < grid.pieces; ++i) max = Math.max(max, layers.reduce((sum, l) => sum + l.values[i], 0), ...lines.map(l => l.values[i]));
  timeChart(host, {grid, height: 270, max, label, describe, draw(x, y, root) {
    const gap = x(1) - x(0) > 5 ? 1 : 0;
    const base = new Array(grid.pieces).fill(0);
    for (const layer of layers) {
      let path = '';
      layer.values.forEach((v, i) => {
        if (v) path += `M${x(i).toFixed(2)} ${y(base[i]).toFixed(2)}V${y(base[i] + v).toFixed(2)}H${(x(i + 1) - gap).toFixed(2)}V${y(base[i]).toFixed(2)}Z`;
        base[i] += v;
      });
      root.append(svg('path', {d: path, fill: layer.colour}));
    }
    for (const line of lines.filter(l => l.values.some(Boolean))) {
      const path = line.values.map((v, i) => `${i ? 'L' : 'M'}${x(i).toFixed(2)} ${y(v).toFixed(2)}H${x(i + 1).toFixed(2)}`).join('');
      root.append(svg('path', {d: path, fill: 'none', stroke: line.colour, 'stroke-width': line.dashed ? 1.4 : 2, 'stroke-dasharray': line.dashed ? '3 2' : 'none'}));
    }
  }});
}

// What is left of `limit`, as steps with the area below, and a mark wherever requests were refused.
function quotaSteps(host, {grid, quota, colour, label, describe}) {
  timeChart(host, {grid, height: 230, max: quota.limit, label, describe, draw(x, y, root, plot) {
    root.append(svg('line', {x1: plot.left, x2: plot.right, y1: y(quota.limit), y2: y(quota.limit), stroke: 'var(--soft)', 'stroke-dasharray': '4 4'}),
                svg('text', {x: plot.right, y: y(quota.limit) - 5, 'text-anchor': 'end'}, 'limit ' + number(quota.limit)));
    let area = '', edge = '', open = false;
    quota.lowest.forEach((v, i) => {
      if (v === null) {
        if (open) area += `V${plot.floor}Z`;
        open = false;
        return;
      }
      const to = `${x(i).toFixed(2)} ${y(v).toFixed(2)}H${x(i + 1).toFixed(2)}`;
      area += (open ? 'L' : `M${x(i).toFixed(2)} ${plot.floor}L`) + to;
      edge += (open ? 'L' : 'M') + to;
      open = true;
    });
    if (open) area += `V${plot.floor}Z`;
    root.append(svg('path', {d: area, fill: 'var(--admitted)', opacity: .16}),
                svg('path', {d: edge, fill: 'none', stroke: 'var(--admitted)', 'stroke-width': 1.8, 'stroke-linejoin': 'round'}));
    const w = Math.max(2, x(1) - x(0));
    quota.refused.forEach((v, i) => { if (v) root.append(svg('rect', {x: x(i), y: plot.floor - 5, width: w, height: 5, fill: colour})); });
  }});
}

// A line each: a name, a bar of the part within the whole, and the counts.
function barRows(host, items) {
  const most = Math.max(1, ...items.map(i => i.whole));
  host.replaceChildren(el('div', {class: 'rows'}, ...items.map(i => el('div', {class: 'row'},
    el('span', {class: 'name', title: i.name + (i.small ? ' · ' + i.small : '')}, i.name, i.small ? el('small', {}, i.small) : null),
    el('span', {class: 'track', 'aria-hidden': 'true'},
      el('i', {style: `width:${100 * i.whole / most}%;background:var(--grid)`}),
      el('i', {style: `width:${100 * i.part / most}%;background:${i.colour}`})),
    el('span', {class: 'count'}, el('b', {}, number(i.part)), i.of || '')))));
}

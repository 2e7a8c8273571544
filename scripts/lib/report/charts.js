'use strict';

// The charts, drawn by Chart.js. Each is a card with a title that says which direction is good, and
// a table with the same figures.

// Okabe and Ito's colours, which colour-blind people can tell apart, on a light and a dark page.
const COLOURS = {
  light: {locking: '#0072b2', lockfree: '#009e73', control: '#d55e00', other: '#777777', mark: '#111111',
    text: '#222222', grid: '#00000018', back: '#ffffff',
    lines: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#a67c00', '#56b4e9', '#555555']},
  dark: {locking: '#56b4e9', lockfree: '#2ec496', control: '#ff8a3d', other: '#aaaaaa', mark: '#ffffff',
    text: '#e6e6e6', grid: '#ffffff22', back: '#17191c',
    lines: ['#56b4e9', '#ff8a3d', '#2ec496', '#e29ac3', '#f0c541', '#9fd3f5', '#bbbbbb']},
};
const SHAPES = ['circle', 'rect', 'triangle', 'rectRot', 'crossRot', 'star', 'rectRounded'];

const darkness = window.matchMedia('(prefers-color-scheme: dark)');
let isPrinting = false;

function colours() {
  return darkness.matches && !isPrinting ? COLOURS.dark : COLOURS.light;
}

function colourOf(row) {
  if (row.role === 'control') return hatched(colours().control);
  return colours()[row.group] || colours().other;
}

// What is unsafe differs by more than a colour.
function hatched(colour) {
  const size = 8;
  const tile = element('canvas', {width: size, height: size});
  const context = tile.getContext('2d');
  context.fillStyle = colours().back;
  context.fillRect(0, 0, size, size);
  context.strokeStyle = colour;
  context.lineWidth = 2.5;
  context.beginPath();
  for (const from of [-size, 0, size]) {
    context.moveTo(from, size);
    context.lineTo(from + size, 0);
  }
  context.stroke();
  return context.createPattern(tile, 'repeat');
}

// --- One card

// A SPEC is {title, good, rows, columns, height, config()}; config is asked for when the card comes
// into view, so that a page with a hundred charts opens at once.
function chartCard(spec) {
  const canvas = element('canvas', {role: 'img', 'aria-label': `${spec.title}. The table below has the figures.`});
  const frame = element('div', {class: 'frame'}, canvas);
  frame.style.height = `${spec.height}px`;
  const card = element('figure', {class: spec.isWide ? 'card wide' : 'card'},
    element('figcaption', {}, element('h4', {}, spec.title), element('p', {}, spec.good)), frame,
    element('details', {}, element('summary', {}, 'The figures as a table'),
      sortableTable(spec.title, spec.columns, spec.rows)));
  card.draw = () => {
    if (card.chart) return;
    card.chart = new Chart(canvas, spec.config());
    // Says to whoever looks from outside that there is something to see.
    canvas.dataset.drawn = 'true';
  };
  card.erase = () => {
    if (card.chart) card.chart.destroy();
    card.chart = undefined;
  };
  return card;
}

const visible = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) entry.target.draw();
}, {rootMargin: '400px'});

function allCards() {
  return [...document.querySelectorAll('figure.card')];
}

function redrawAll() {
  for (const card of allCards()) {
    if (!card.chart) continue;
    card.erase();
    card.draw();
  }
}

// --- What charts have in common

function logTick(unit) {
  return (value) => {
    const digit = Number(value.toExponential(0)[0]);
    return [1, 2, 5].includes(digit) ? human(value, unit) : '';
  };
}

function scale(kind, unit, title) {
  return {
    type: kind, title: {display: Boolean(title), text: title, color: colours().text},
    grid: {color: colours().grid, borderColor: colours().grid},
    ticks: {color: colours().text, maxRotation: 0,
      callback: kind === 'logarithmic' ? logTick(unit) : (value) => human(value, unit)},
  };
}

function nameScale(names) {
  const length = window.innerWidth < 600 ? 22 : 36;
  return {
    type: 'category', grid: {display: false, borderColor: colours().grid},
    ticks: {color: colours().text, autoSkip: false, crossAlign: 'far',
      callback: (value, index) => shortened(names[index], length)},
  };
}

function options(scales, indexAxis, onRow, tooltip) {
  return {
    animation: false, responsive: true, maintainAspectRatio: false, indexAxis,
    interaction: {mode: indexAxis === 'y' ? 'index' : 'nearest', axis: indexAxis === 'y' ? 'y' : 'xy', intersect: false},
    plugins: {legend: {display: false}, tooltip: {displayColors: false, callbacks: tooltip}},
    // Later, for it may take away the chart, which is not done with the click.
    scales, onClick: (event, found) => {
      if (found.length > 0) setTimeout(() => onRow(found[0]));
    },
    onHover: (event, found) => {
      event.native.target.style.cursor = found.length > 0 ? 'pointer' : 'default';
    },
  };
}

function barHeight(rows) {
  return 70 + 24 * rows.length;
}

// --- Kinds of charts

// From p50 to p99 with a mark at p95.
function latencyCard(rows, keys, onRow) {
  const names = rows.map((row) => SIGNS[row.role] + rowName(row, keys));
  const lines = (row) => ['p50_us', 'p95_us', 'p99_us', 'max_us'].filter((metric) => row.metrics[metric])
    .map((metric) => `${metric.replace('_us', '')}: ${withRange(row, metric, 'us')}`);
  return chartCard({
    title: 'How long an operation takes', good: 'p50 to p99, mark at p95. Further left is better.',
    isWide: true, rows, height: barHeight(rows),
    columns: [nameColumn(keys, onRow), metricColumn('p50_us'), metricColumn('p95_us'), metricColumn('p99_us'),
      metricColumn('max_us')],
    config: () => ({
      type: 'bar',
      data: {labels: names, datasets: [
        {type: 'line', data: rows.map((row) => figure(row, 'p95_us')), showLine: false, pointStyle: 'line',
          pointRotation: 90, pointRadius: 8, pointHoverRadius: 8, pointBorderWidth: 3, borderColor: colours().mark},
        {data: rows.map((row) => [figure(row, 'p50_us'), figure(row, 'p99_us')]), minBarLength: 3,
          backgroundColor: rows.map(colourOf), barPercentage: 0.7},
      ]},
      options: options({x: scale('logarithmic', 'us'), y: nameScale(names)}, 'y',
        (found) => onRow(rows[found.index]), {
          title: (items) => shortened(names[items[0].dataIndex], 80),
          label: (item) => (item.datasetIndex === 0 ? lines(rows[item.dataIndex]) : ''),
        }),
    }),
  });
}

// A bar for each row.
function barCard(metric, title, good, kind, rows, keys, onRow) {
  const unit = (DATA.metrics[metric] || {unit: '1'}).unit;
  const names = rows.map((row) => SIGNS[row.role] + rowName(row, keys));
  return chartCard({
    title, good, rows, height: barHeight(rows), columns: [nameColumn(keys, onRow), metricColumn(metric)],
    config: () => ({
      type: 'bar',
      data: {labels: names, datasets: [{data: rows.map((row) => figure(row, metric)), minBarLength: 2,
        backgroundColor: rows.map(colourOf), barPercentage: 0.7}]},
      options: options({x: scale(kind, unit), y: nameScale(names)}, 'y', (found) => onRow(rows[found.index]), {
        title: (items) => shortened(names[items[0].dataIndex], 80),
        label: (item) => withRange(rows[item.dataIndex], metric, unit),
      }),
    }),
  });
}

// A line for each variant, over the number of workers.
function workersCard(metric, title, good, rows, keys, onRow) {
  const unit = DATA.metrics[metric].unit;
  const lines = new Map();
  for (const row of rows) {
    const name = SIGNS[row.role] + rowName(row, keys);
    lines.set(name, [...(lines.get(name) || []), row]);
  }
  const ofLine = [...lines.values()];
  const names = [...lines.keys()];
  return chartCard({
    title, good, rows, isWide: true, height: 420,
    columns: [nameColumn(['workers', ...keys], onRow), workersColumn(), metricColumn(metric)],
    config: () => ({
      type: 'line',
      data: {datasets: ofLine.map((line, index) => lineDataset(names[index], line, index, metric))},
      options: withLegend(options(
        {x: {...scale('logarithmic', '1', 'workers'), afterBuildTicks: workerTicks(rows)},
          y: scale('logarithmic', unit)}, 'x',
        (found) => onRow(ofLine[found.datasetIndex][found.index]), {
          title: (items) => shortened(items[0].dataset.label, 80),
          label: (item) => `${item.raw.x} workers: ${withRange(ofLine[item.datasetIndex][item.dataIndex], metric, unit)}`,
        }), (index) => onRow(ofLine[index][0])),
    }),
  });
}

function lineDataset(name, line, index, metric) {
  const colour = colours().lines[index % colours().lines.length];
  return {
    label: shortened(name, 60), borderColor: colour, backgroundColor: colour, borderWidth: 2, pointRadius: 5,
    borderDash: line[0].role === 'control' ? [4, 4] : [],
    pointStyle: SHAPES[(index + Math.floor(index / colours().lines.length)) % SHAPES.length],
    data: line.map((row) => ({x: Number(row.arguments.workers), y: figure(row, metric)})),
  };
}

function workerTicks(rows) {
  return (axis) => {
    axis.ticks = [...new Set(rows.map((row) => Number(row.arguments.workers)))].sort((a, b) => a - b)
      .map((value) => ({value}));
    axis.options.ticks.callback = (value) => String(value);
  };
}

function withLegend(made, onItem) {
  made.plugins.legend = {
    position: 'bottom', labels: {usePointStyle: true, color: colours().text},
    onClick: (event, item) => setTimeout(() => onItem(item.datasetIndex)),
  };
  return made;
}

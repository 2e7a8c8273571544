'use strict';

// The charts, drawn by Chart.js. Each is a card with a title, which direction is good, and a table
// with the same figures.

// Okabe and Ito's colours, which colour-blind people can tell apart, for a light and a dark page.
const COLOURS = {
  light: {
    locking: '#0072b2', lockfree: '#009e73', control: '#d55e00', other: '#777777',
    before: '#99999966', mark: '#111111', text: '#222222', grid: '#00000018', back: '#fafafa',
    lines: {
      locking: ['#0072b2', '#56b4e9', '#003f66', '#8a7fd1', '#4b3fa0'],
      lockfree: ['#009e73', '#7ccf5a', '#00573f', '#a6a600'],
      control: ['#d55e00', '#8a3000', '#f5a05a'],
      other: ['#0072b2', '#009e73', '#cc79a7', '#a67c00', '#56b4e9', '#555555'],
    },
  },
  dark: {
    locking: '#56b4e9', lockfree: '#2ec496', control: '#ff8a3d', other: '#aaaaaa',
    before: '#bbbbbb55', mark: '#ffffff', text: '#e6e6e6', grid: '#ffffff22', back: '#1e2125',
    lines: {
      locking: ['#56b4e9', '#b3dcf7', '#3f8fd0', '#b7aef5', '#8f83f0'],
      lockfree: ['#2ec496', '#a5e887', '#1f9a75', '#dede5a'],
      control: ['#ff8a3d', '#c96a2a', '#ffc79e'],
      other: ['#56b4e9', '#2ec496', '#e29ac3', '#f0c541', '#9fd3f5', '#bbbbbb'],
    },
  },
};

const darkness = window.matchMedia('(prefers-color-scheme: dark)');
let isPrinting = false;

function colours() {
  return darkness.matches && !isPrinting ? COLOURS.dark : COLOURS.light;
}

// What decides on the colour of a row: its role or its discipline.
function kindOf(row) {
  if (row.role === 'control' || row.verdict === 'BROKEN') return 'control';
  return row.group === 'locking' || row.group === 'lockfree' ? row.group : 'other';
}

function colourOf(row) {
  const kind = kindOf(row);
  return kind === 'control' ? hatched(colours().control) : colours()[kind];
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

// A SPEC is {title, good, rows, columns, height, isWide, config()}. config is asked for when the
// card comes into view, so that a page with a hundred charts opens at once.
function chartCard(spec) {
  const label = `${spec.title}. The table below has the figures.`;
  const canvas = element('canvas', {role: 'img', 'aria-label': label});
  const frame = element('div', {class: 'frame'}, canvas);
  frame.style.height = `${spec.height}px`;
  const figures = element('details', {}, element('summary', {}, 'The figures as a table'));
  // Nobody waits for tables that nobody opens; on paper they are not shown.
  figures.addEventListener('toggle', () => {
    if (figures.children.length > 1) return;
    figures.append(sortableTable(spec.title, spec.columns, spec.rows));
  });
  const card = element('figure', {class: spec.isWide ? 'card wide' : 'card'},
    element('figcaption', {}, element('h3', {}, spec.title), element('p', {}, spec.good)),
    frame, figures);
  card.draw = () => {
    if (card.chart) return;
    card.chart = new Chart(canvas, spec.config());
    canvas.dataset.drawn = 'true';
  };
  card.erase = () => {
    if (card.chart) card.chart.destroy();
    card.chart = undefined;
  };
  return card;
}

const inView = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) entry.target.draw();
}, {rootMargin: '400px'});

function allCards() {
  return [...document.querySelectorAll('figure.card')];
}

function replaceCards(place, cards) {
  for (const card of place.querySelectorAll('figure.card')) {
    inView.unobserve(card);
    card.erase();
  }
  place.replaceChildren(...cards);
  for (const card of cards) inView.observe(card);
}

function redrawAll() {
  for (const card of allCards()) {
    if (!card.chart) continue;
    card.erase();
    card.draw();
  }
}

// --- What charts have in common

function isNarrow() {
  return window.innerWidth < 600;
}

// The ends of a scale are no round figures. Over less than a factor of ten all others have room.
function logTick(unit) {
  return function (value) {
    const isWide = this.max > 10 * this.min;
    const isRound = Math.abs(value / Number(value.toPrecision(isWide ? 1 : 2)) - 1) < 1e-9;
    const digit = Number(value.toExponential(0)[0]);
    const digits = isNarrow() && isWide ? [1] : [1, 2, 5];
    const isLabelled = isRound && (digits.includes(digit) || (!isWide && !isNarrow()));
    return isLabelled ? human(value, unit) : '';
  };
}

function scale(kind, unit, title) {
  return {
    type: kind, title: {display: Boolean(title), text: title, color: colours().text},
    grid: {color: colours().grid, borderColor: colours().grid},
    ticks: {
      color: colours().text, maxRotation: 0,
      callback: kind === 'logarithmic' ? logTick(unit) : (value) => human(value, unit),
    },
  };
}

// A logarithmic scale is else from one power of ten to another.
function closeAround(axis, values) {
  const positive = values.filter((value) => value > 0);
  if (axis.type !== 'logarithmic' || positive.length === 0) return axis;
  const least = positive.reduce((a, b) => Math.min(a, b));
  const most = positive.reduce((a, b) => Math.max(a, b));
  return {...axis, min: least * 0.85, max: most * 1.15};
}

function nameScale(names) {
  const length = isNarrow() ? 22 : 60;
  return {
    type: 'category', grid: {display: false, borderColor: colours().grid},
    ticks: {
      color: colours().text, autoSkip: false, crossAlign: 'far',
      callback: (value, index) => shortened(names[index], length),
    },
  };
}

// ON_FOUND gets what of the chart was clicked on.
function options(scales, interaction, tooltip, onFound) {
  return {
    animation: false, responsive: true, maintainAspectRatio: false, scales, interaction,
    plugins: {legend: {display: false}, tooltip: {displayColors: false, callbacks: tooltip}},
    // Later, for it may take away the chart, which is not done with the click.
    onClick: (event, found) => {
      if (found.length > 0 && onFound) setTimeout(() => onFound(found[0]));
    },
    onHover: (event, found) => {
      event.native.target.style.cursor = found.length > 0 && onFound ? 'pointer' : 'default';
    },
  };
}

// --- Charts with a bar for each row

function barConfig(names, datasets, x, tooltip, onFound) {
  const interaction = {mode: 'index', axis: 'y', intersect: false};
  return {
    type: 'bar', data: {labels: names, datasets},
    options: {
      indexAxis: 'y',
      ...options({x, y: nameScale(names)}, interaction,
        {title: (items) => shortened(names[items[0].dataIndex], 80), ...tooltip}, onFound),
    },
  };
}

// Marks across bars: a line dataset without its line.
function marks(values) {
  return {
    type: 'line', data: values, showLine: false, pointStyle: 'line', pointRotation: 90,
    pointRadius: 8, pointHoverRadius: 8, pointBorderWidth: 3, borderColor: colours().mark,
  };
}

function barHeight(rows) {
  return 70 + 24 * rows.length;
}

// From p50 to p99 with a mark at p95, and behind it, with --old, how it was before.
function latencyCard(rows, keys, onRow) {
  const names = rows.map((row) => signedName(row, keys));
  const hasOld = rows.some((row) => row.old);
  const range = (row) => [figure(row, 'p50_us'), figure(row, 'p99_us')];
  const shown = rows.flatMap((row) => [...range(row), ...(row.old ? range(row.old) : [])]);
  const lines = (row, word) => LATENCIES.filter((metric) => row.metrics[metric])
    .map((metric) => `${word}${metric.replace('_us', '')}: ${withRange(row, metric)}`);
  return chartCard({
    title: 'How long an operation takes', isWide: true, rows,
    good: 'Bars reach from p50 to p99, the mark is p95. Further left is better.' +
      (hasOld ? ' Pale bars are how it was before.' : ''),
    height: barHeight(rows) * (hasOld ? 1.4 : 1),
    columns: [nameColumn(keys, onRow), ...LATENCIES.map((metric) => metricColumn(metric)),
      ...(hasOld ? LATENCIES.map((metric) => oldColumn(metric)) : [])],
    config: () => barConfig(names, [
      marks(rows.map((row) => figure(row, 'p95_us'))),
      {
        data: rows.map(range), minBarLength: 3, backgroundColor: rows.map(colourOf),
        grouped: false, barPercentage: hasOld ? 0.5 : 0.7,
      },
      ...(hasOld ? [{
        data: rows.map((row) => (row.old ? range(row.old) : null)), minBarLength: 3,
        backgroundColor: colours().before, grouped: false, barPercentage: 1,
      }] : []),
    ], closeAround(scale('logarithmic', 'us'), shown), {
      label: (item) => {
        const row = rows[item.dataIndex];
        return [lines(row, ''), [], row.old ? lines(row.old, 'before, ') : []][item.datasetIndex];
      },
    }, (found) => onRow(rows[found.index])),
  });
}

// One metric.
function barCard(metric, title, good, kind, rows, keys, onRow) {
  const names = rows.map((row) => signedName(row, keys));
  return chartCard({
    title, good, rows, height: barHeight(rows),
    columns: [nameColumn(keys, onRow), metricColumn(metric)],
    config: () => barConfig(names, [{
      data: rows.map((row) => figure(row, metric)), minBarLength: 2,
      backgroundColor: rows.map(colourOf), barPercentage: 0.7,
    }], scale(kind, unitOf(metric)), {
      label: (item) => withRange(rows[item.dataIndex], metric),
    }, (found) => onRow(rows[found.index])),
  });
}

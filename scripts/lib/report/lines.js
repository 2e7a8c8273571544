'use strict';

// Charts with a line for each variant: over the number of workers, over time, over percentiles.

const SHAPES = ['circle', 'rect', 'triangle', 'rectRot', 'crossRot', 'star', 'rectRounded'];

// LINES are {name, row, points, events?}; a point is {x, y, text}, an event too. LOOKS tell
// how each line looks, by its name: see looksOf.
function linesCard(spec) {
  const {lines, onRow} = spec;
  return chartCard({
    ...spec, isWide: true, height: 420 + (isNarrow() ? 20 * lines.length : 0),
    config: () => {
      const datasets = lines.flatMap((line) => [
        lineDataset(line, spec.looks.get(line.name), spec.hasPoints),
        ...(isMarked(line) ? [eventsDataset(line, spec.looks.get(line.name))] : []),
      ]);
      const values = lines.flatMap(({points}) => points.map(({y}) => y));
      const y = closeAround(spec.y(), values);
      const made = options({x: spec.x(), y}, {mode: 'nearest', intersect: false}, {
        title: (items) => shortened(items[0].dataset.line.name, 80),
        label: (item) => item.raw.text,
      }, (found) => onRow(datasets[found.datasetIndex].line.row));
      made.plugins.legend = {
        display: true, position: 'bottom',
        labels: {
          usePointStyle: Boolean(spec.hasPoints), boxWidth: spec.hasPoints ? 12 : 30,
          boxHeight: spec.hasPoints ? 12 : 0, color: colours().text,
          filter: (item) => !datasets[item.datasetIndex].isEvents,
        },
        onClick: (event, item) => setTimeout(() => onRow(datasets[item.datasetIndex].line.row)),
      };
      return {type: 'line', data: {datasets}, options: made};
    },
  });
}

// A kind has colours of its own, so that a line and a bar of a variant look alike. A variant keeps
// its place among its kind from chart to chart.
function looksOf(rows, keys) {
  const looks = new Map();
  const counts = {};
  for (const row of rows) {
    const name = signedName(row, keys);
    const kind = kindOf(row);
    if (looks.has(name)) continue;
    counts[kind] = (counts[kind] || 0) + 1;
    looks.set(name, {kind, place: counts[kind] - 1});
  }
  return looks;
}

function lineColour({kind, place}) {
  const palette = colours().lines[kind];
  return palette[place % palette.length];
}

const DASHES = [[], [2, 3], [10, 3]];

function lineDataset(line, look, hasPoints) {
  const colour = lineColour(look);
  const cycle = Math.floor(look.place / colours().lines[look.kind].length);
  return {
    line, label: shortened(line.name, 60), data: line.points,
    borderColor: colour, backgroundColor: colour, borderWidth: 2,
    borderDash: look.kind === 'control' ? [6, 4] : DASHES[cycle % DASHES.length],
    pointStyle: SHAPES[(look.place + cycle) % SHAPES.length],
    stepped: line.isStepped ? 'after' : false,
    pointRadius: hasPoints ? 5 : 0, pointHoverRadius: 5,
  };
}

const MOST_EVENTS = 60;

// Events stand on the line of their row; where they would hide it they are left out.
function eventsDataset(line, look) {
  const colour = lineColour(look);
  return {
    line, isEvents: true, label: 'events', data: line.events, showLine: false,
    borderColor: colour, backgroundColor: colours().back, pointStyle: 'triangle',
    pointRadius: line.isStepped ? 4 : 11, borderWidth: line.isStepped ? 1 : 3,
  };
}

function isMarked({events}) {
  return Boolean(events) && events.length > 0 && events.length <= MOST_EVENTS;
}

function byName(rows, keys) {
  const groups = new Map();
  for (const row of rows) {
    const name = signedName(row, keys);
    groups.set(name, [...(groups.get(name) || []), row]);
  }
  return groups;
}

// --- Over the number of workers

function workersCard(metric, title, good, rows, keys, looks, onRow) {
  const lines = [...byName(rows, keys)].map(([name, group]) => ({
    name, row: group[0],
    points: group.map((row) => ({
      x: Number(row.arguments.workers), y: figure(row, metric),
      text: `${row.arguments.workers} workers: ${withRange(row, metric)}`,
    })).sort((a, b) => a.x - b.x),
  }));
  const counts = workerCounts(rows);
  const ticks = counts.map((value) => ({value}));
  return linesCard({
    title, good, rows, lines, looks, onRow, hasPoints: true,
    columns: [nameColumn(keys, onRow), workersColumn(), metricColumn(metric)],
    x: () => {
      const axis = scale('logarithmic', '1', 'workers');
      axis.ticks.callback = (value) => String(value);
      return {
        ...axis, min: counts[0], max: counts[counts.length - 1],
        afterBuildTicks: (built) => { built.ticks = ticks; },
      };
    },
    y: () => scale('logarithmic', unitOf(metric)),
  });
}

// --- Over time

// VALUE of a row's series at an index, or null where there is none.
function timeCard(title, good, unit, kind, value, rows, keys, looks, onRow) {
  const lines = rows.map((row) => {
    const points = row.series.times.map((time, index) => {
      const y = value(row.series, index);
      return {x: time / 1e3, y, text: `after ${duration(time * 1e3)}: ${human(y, unit)}`};
    });
    // A figure is that of the time before it.
    points.unshift({...points[0], x: 0});
    const events = eventsOf(row.series, points);
    return {name: signedName(row, keys), row, points, events, isStepped: true};
  });
  const most = (line) => Math.max(0, ...line.points.map(({y}) => y));
  const column = (title, value) => ({title, value, text: (line) => human(value(line), unit)});
  return linesCard({
    title, good, rows: lines, lines, looks, onRow,
    columns: [
      {title: 'variant', value: ({name}) => name, text: ({name}) => name},
      {title: 'intervals', value: ({points}) => points.length, text: ({points}) => points.length},
      {title: 'events', value: ({events}) => events.length, text: ({events}) => events.length},
      column('median', (line) => middle(line.points.map(({y}) => y))), column('most', most),
    ],
    x: () => scale('linear', 's', 'seconds since the run began'),
    y: () => ({...scale(kind, unit), beginAtZero: true}),
  });
}

function eventsOf(series, points) {
  return series.marks.flatMap(([time, mark, text]) => {
    const at = points.find(({x}) => x >= time / 1e3);
    const what = `${mark} ${text}`.trim();
    return at && at.y !== null
      ? [{x: time / 1e3, y: at.y, text: `${what} after ${duration(time * 1e3)}`}] : [];
  });
}

function middle(values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function computationsPerSecond(series, index) {
  return series.computations[index] / (series.spans[index] / 1e3);
}

// --- Over percentiles

const PERCENTILES = [1, 2, 10, 100, 1000, 10000, 100000, 1000000];

function percentile(inverse) {
  const digits = Math.max(0, Math.round(Math.log10(inverse)) - 2);
  return `${((1 - 1 / inverse) * 100).toFixed(digits)} %`;
}

function spectrumCard(rows, keys, looks, onRow) {
  const lines = rows.map((row) => ({
    name: signedName(row, keys), row,
    points: row.spectrum.map(([inverse, us]) => ({
      x: inverse, y: us, text: `${percentile(inverse)} took at most ${duration(us)}`,
    })),
  }));
  const at = (row, inverse) => {
    const found = row.spectrum.find(([here]) => here >= inverse);
    return found && found[1];
  };
  const column = (inverse) => ({
    title: percentile(inverse), value: (row) => at(row, inverse),
    text: (row) => human(at(row, inverse), 'us'),
  });
  return linesCard({
    title: 'All percentiles: how slow are the slowest?', rows, lines, looks, onRow,
    good: 'Lower is better. Further right are ever fewer, ever slower operations.',
    columns: [nameColumn(keys, onRow), ...PERCENTILES.slice(1).map(column)],
    x: () => {
      const axis = scale('logarithmic', '1', 'share of the operations that took no longer');
      axis.ticks.callback = (value) => percentile(value);
      const shown = isNarrow() ? PERCENTILES.slice(1) : PERCENTILES;
      return {...axis, afterBuildTicks: (built) => {
        built.ticks = shown.filter((value) => value <= built.max).map((value) => ({value}));
      }};
    },
    y: () => scale('logarithmic', 'us'),
  });
}

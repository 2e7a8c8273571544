'use strict';

// How a family came along over all records, as scripts/history sees it; there with --records.

const RECORDED = {
  p95_us: ['p95 over all records', 'Lower is better; triangles are changes of level.'],
  items_per_second: ['Operations per second over all records',
    'Higher is better; triangles are changes of level.'],
};

function recordsCards(rows, keys, looks, onRow) {
  const places = DATA.places || [];
  return places.flatMap((place, index) => Object.keys(RECORDED).flatMap((metric) => {
    const of = (row) => (row.history || []).find((one) =>
      one.place === index && one.metric === metric && one.points.length > 1);
    const shown = rows.filter(of);
    return shown.length > 0 ? [recordsCard(place, metric, shown, of, keys, looks, onRow)] : [];
  }));
}

// OF gives the series of a row.
function recordsCard(place, metric, rows, of, keys, looks, onRow) {
  const unit = unitOf(metric);
  const [title, good] = RECORDED[metric];
  const lines = rows.map((row) => {
    const {points, changes} = of(row);
    const value = new Map(points);
    return {
      name: signedName(row, keys), row,
      points: points.map(([x, y]) => ({x, y, text: `${place.records[x]}: ${human(y, unit)}`})),
      events: changes.map(([x, verdict, before, after]) => ({
        x, y: value.get(x),
        text: `${verdict} in ${place.records[x]}: ${human(before, unit)} to ${human(after, unit)}`,
      })),
    };
  });
  const words = ({changes}) => changes.map(([x, verdict]) => `${verdict} in ${place.records[x]}`)
    .join(', ');
  const last = (row) => of(row).points[of(row).points.length - 1][1];
  return linesCard({
    title, good: `${good} ${place.description}.`, rows, lines, looks, onRow, hasPoints: true,
    columns: [
      nameColumn(keys, onRow),
      {title: 'records', value: (row) => of(row).points.length,
        text: (row) => of(row).points.length},
      {title: 'latest', value: last, text: (row) => human(last(row), unit)},
      {title: 'changes', value: (row) => words(of(row)), text: (row) => words(of(row))},
    ],
    x: () => {
      const axis = scale('linear', '1', 'record');
      axis.ticks.callback = (index) => (place.records[index] || '').slice(0, 8);
      return {...axis, ticks: {...axis.ticks, precision: 0}};
    },
    y: () => scale('logarithmic', unit),
  });
}

'use strict';

// How much load variants hold, as scripts/knee found it; there with --knee.

// What the other charts take for a row.
function kneeRow(knee) {
  return {
    family: knee.family, group: knee.discipline, variant: knee.variant, name: knee.name,
    arguments: {workers: String(knee.workers)}, role: 'safe', verdict: 'ok', knee,
  };
}

// One point for each rate, which may have been asked for several times.
function kneeLine(row, keys) {
  const {knee} = row;
  const rates = [...new Set(knee.points.map(({rate}) => rate))].sort((a, b) => a - b);
  const points = rates.map((asked) => {
    const there = knee.points.filter(({rate}) => rate === asked);
    const p95 = middle(there.map(({p95_us: value}) => value));
    const held = there.every(({holds}) => holds) ? 'held' : there.find(({holds}) => !holds).why;
    return {x: asked, y: p95, text: `${rate(asked)} offered: p95 ${human(p95, 'us')}, ${held}`};
  });
  const last = points.filter(({x}) => x <= knee.rate).pop();
  const text = `the most that it holds: ${rate(knee.rate)}`;
  const events = last ? [{x: knee.rate, y: last.y, text}] : [];
  return {name: signedName(row, keys), row, points, events};
}

function kneeCard(family, rows, levels) {
  const keys = ['workers'];
  const column = (title, value, text) => ({title, value, text: text || value});
  const held = ({knee}) => (knee.rate === null ? 'not even the least' : rate(knee.rate));
  return linesCard({
    title: `${family}: p95 against the load that is offered`, rows, hasPoints: true,
    good: `A line that stays low for longer is better. Up to the triangle ${levels} holds.`,
    lines: rows.map((row) => kneeLine(row, keys)), looks: looksOf(rows, keys), onRow: filterByRow,
    columns: [
      nameColumn(keys, filterByRow), column('holds', ({knee}) => knee.rate, held),
      column('limit', ({knee}) => knee.limit || '–'),
      column('what broke above', ({knee}) => knee.why || '–'),
    ],
    x: () => scale('linear', '1/s', 'operations offered per second'),
    y: () => scale('logarithmic', 'us'),
  });
}

function showKnees() {
  const place = byId('knees');
  if (!DATA.knees) return;
  const rows = DATA.knees.found.map(kneeRow).filter(({name}) => matches(name));
  const families = [...new Set(rows.map(({family}) => family))];
  const cards = element('div', {class: 'cards'});
  replaceCards(place, []);
  place.hidden = rows.length === 0;
  place.append(element('h2', {}, 'How much load it holds'), cards);
  replaceCards(cards, families.map((family) =>
    kneeCard(family, rows.filter((row) => row.family === family), DATA.knees.levels)));
}

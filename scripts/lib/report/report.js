'use strict';

// A section for each family, and the filter over all of them.

// What only measures, and promises nothing, stands last.
const FAMILIES = inOrder([...new Set(DATA.rows.map((row) => row.family))]);
const state = {filter: '', workers: {}};

function byId(id) {
  return document.getElementById(id);
}

function inOrder(families) {
  const promises = (family) =>
    DATA.rows.some((row) => row.family === family && row.role !== 'measurement');
  return [...families.filter(promises), ...families.filter((family) => !promises(family))];
}

function anchor(family) {
  return `family-${FAMILIES.indexOf(family)}`;
}

// --- The filter

function matches(name) {
  const words = state.filter.toLowerCase().split(/\s+/);
  return words.every((word) => name.toLowerCase().includes(word));
}

// What a click on a bar does: only its variant, and once more: all.
function filterByRow(row) {
  const wanted = [row.family, row.group, row.variant].filter((part) => part !== '').join('/');
  const section = byId(anchor(row.family));
  const hadFocus = document.activeElement.classList.contains('name');
  setFilter(state.filter === wanted ? '' : wanted);
  if (!section || section.hidden) return;
  section.scrollIntoView();
  // What had it is gone; who works at the keyboard goes on from here.
  if (hadFocus) section.querySelector('button.name').focus({preventScroll: true});
}

function setFilter(text) {
  state.filter = text.trim();
  if (byId('filter').value.trim() !== state.filter) byId('filter').value = state.filter;
  showAll();
}

// --- A family

function distinct(rows, key) {
  return [...new Set(rows.map((row) => row.arguments[key]).filter((value) => value !== undefined))];
}

function workerCounts(rows) {
  return distinct(rows, 'workers').map(Number).sort((a, b) => a - b);
}

// The arguments that tell rows of a family apart, besides the workers.
function tellingKeys(rows) {
  const keys = new Set(rows.flatMap((row) => Object.keys(row.arguments)));
  return [...keys].filter((key) => key !== 'workers' &&
    (distinct(rows, key).length > 1 || rows.some((row) => !(key in row.arguments))));
}

// The load that is shown first: of those that most rows have the most workers, but up to a hundred.
function usualWorkers(rows) {
  const having = (count) => rows.filter((row) => Number(row.arguments.workers) === count).length;
  const counts = workerCounts(rows);
  const most = Math.max(...counts.map(having));
  const usual = counts.filter((count) => having(count) === most);
  return usual.filter((count) => count <= 100).pop() || usual[0];
}

function workersChoice(family, counts, chosen) {
  const choice = element('fieldset', {class: 'choice'}, element('legend', {}, 'Workers'));
  for (const count of counts) {
    const input = element('input',
      {type: 'radio', name: `workers-${anchor(family)}`, value: String(count)});
    input.checked = count === chosen;
    input.addEventListener('change', () => {
      state.workers[family] = count;
      showFamily(family);
      byId(anchor(family)).querySelector('input:checked').focus();
    });
    choice.append(element('label', {}, input, ` ${count}`));
  }
  return choice;
}

// The charts of one number in each row: metric, title, what is good, scale.
const BARS = [
  ['items_per_second', 'Operations per second', 'Longer is better.', 'linear'],
  ['computations', 'Computations per round, expiry or invalidation',
    'Shorter is better: 1 is ideal, and more is waste.', 'logarithmic'],
  ['hit_ratio', 'Share of reads that the cache answered', 'Longer is better: 1 is all.', 'linear'],
  ['stale_read_ratio', 'Share of reads that got an old value', 'Shorter is better.', 'linear'],
  ['round_trips_per_op', 'Round trips per operation',
    'Shorter is better: each one waits for the network.', 'linear'],
  ['fairness', 'Fairness', 'Longer is better: 1 means that all workers got as much done.',
    'linear'],
];

function familyCharts(all, rows, keys) {
  const having = (some, metric) => some.filter((row) => row.metrics[metric]);
  const looks = looksOf(all, keys);
  const cards = [];
  const timed = having(having(rows, 'p50_us'), 'p99_us');
  if (timed.length > 0) cards.push(latencyCard(timed, keys, filterByRow));
  const spectra = rows.filter((row) => row.spectrum);
  if (spectra.length > 0) cards.push(spectrumCard(spectra, keys, looks, filterByRow));
  const rated = having(all, 'items_per_second').filter((row) => row.arguments.workers);
  if (workerCounts(rated).length > 1) {
    cards.push(workersCard('items_per_second', 'Operations per second, by the number of workers',
      'Higher is better.', rated, keys, looks, filterByRow));
  }
  for (const bar of BARS) {
    const some = having(rows, bar[0]);
    // Where it is 0 for all, as the hits of a family without a cache, it says nothing.
    if (some.every((row) => figure(row, bar[0]) === 0)) continue;
    cards.push(barCard(...bar, some, keys, filterByRow));
  }
  return [...cards, ...seriesCharts(rows.filter((row) => row.series), keys, looks),
    ...recordsCards(rows, keys, looks, filterByRow)];
}

function seriesCharts(rows, keys, looks) {
  if (rows.length === 0) return [];
  const cards = [timeCard('p95 over time', 'Lower is better; triangles are events.', 'us',
    'logarithmic', (series, index) => series.p95[index], rows, keys, looks, filterByRow)];
  if (rows.some((row) => row.series.computations.some((count) => count > 0))) {
    cards.unshift(timeCard('Computations per second over time',
      'Lower is better; triangles are events. Spikes are stampedes: many compute the same value.',
      '1/s', 'linear', computationsPerSecond, rows, keys, looks, filterByRow));
  }
  return cards;
}

// What was promised, and what the checks found.
function contractTable(rows, keys) {
  const words = {ok: 'kept', caught: 'caught, as it should be', 'not caught': 'NOT CAUGHT'};
  const result = (row) => (row.role === 'measurement' && row.verdict === 'ok' ? 'measured'
    : words[row.verdict] || row.verdict);
  const found = (row) => Object.entries(row.detectors).filter(([, count]) => count > 0)
    .map(([name, count]) => `${name.replaceAll('_', ' ')}: ${count}`).join(', ');
  const promise = (row) => (row.role === 'control' ? 'breaks on purpose: ' : '') +
    [row.contract, ...row.bounds].filter((part) => part !== '').join('; ') +
    (row.error ? ` (${row.error})` : '');
  return sortableTable('What was promised, and what the checks found', [
    nameColumn(['workers', ...keys], filterByRow),
    {title: 'result', value: result, text: result},
    {title: 'violations', value: (row) => row.worst_violations,
      text: (row) => human(row.worst_violations, '1')},
    {title: 'promise', value: promise, text: promise},
    {title: 'found by', value: found, text: found},
  ], rows);
}

function showFamily(family) {
  const section = byId(anchor(family));
  const rows = DATA.rows.filter((row) => row.family === family && matches(row.name));
  const cards = element('div', {class: 'cards'});
  replaceCards(section, []);
  section.hidden = rows.length === 0;
  if (section.hidden) return;
  const keys = tellingKeys(rows);
  const counts = workerCounts(rows);
  const chosen = counts.includes(state.workers[family])
    ? state.workers[family] : usualWorkers(rows);
  const head = element('header', {}, element('h2', {}, family));
  const question = DATA.families[family];
  if (question) head.append(element('p', {class: 'question'}, question));
  if (counts.length > 1) head.append(workersChoice(family, counts, chosen));
  else if (counts.length === 1) head.append(element('p', {}, `${counts[0]} workers`));
  if (state.filter === '') head.append(...answersOf(family, chosen));
  section.append(head, cards, contractTable(rows, keys));
  const ofLoad = rows.filter((row) =>
    !row.arguments.workers || Number(row.arguments.workers) === chosen);
  replaceCards(cards, familyCharts(rows, ofLoad, keys));
}

function showAll() {
  FAMILIES.forEach(showFamily);
  showChanges();
  showKnees();
  const shown = DATA.rows.filter((row) => matches(row.name)).length;
  byId('shown').textContent = `${shown} of ${DATA.rows.length} rows`;
}

// --- Beginning

showTop();
byId('sections').append(...FAMILIES.map((family) =>
  element('section', {id: anchor(family), class: 'family'})));
showAll();
byId('filter').addEventListener('input', () => setFilter(byId('filter').value));
byId('controls').addEventListener('submit', (event) => event.preventDefault());
byId('clear').addEventListener('click', () => setFilter(''));
darkness.addEventListener('change', redrawAll);
window.addEventListener('beforeprint', () => {
  isPrinting = true;
  redrawAll();
  allCards().forEach((card) => card.draw());
});
window.addEventListener('afterprint', () => {
  isPrinting = false;
  redrawAll();
});

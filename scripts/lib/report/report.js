'use strict';

// The page: what the results say in words, a section for each family, and the filter over all.

const DATA = JSON.parse(document.getElementById('data').textContent);
// What only measures, and promises nothing, stands last.
const FAMILIES = inOrder([...new Set(DATA.rows.map((row) => row.family))]);
const state = {filter: '', workers: {}};

function inOrder(families) {
  const promises = (family) => DATA.rows.some((row) => row.family === family && row.role !== 'measurement');
  return [...families.filter(promises), ...families.filter((family) => !promises(family))];
}

function byId(id) {
  return document.getElementById(id);
}

// --- The top of the page

// Counts variants, not rows: one may have run with several numbers of workers.
function variantsOf(rows) {
  return new Set(rows.map((row) => `${row.family}/${row.group}/${row.variant}`)).size;
}

function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function verdictLines() {
  const ofRole = (role) => DATA.rows.filter((row) => row.role === role);
  const having = (rows, ...verdicts) => rows.filter((row) => verdicts.includes(row.verdict));
  const lines = [];
  const safe = ofRole('safe');
  const controls = ofRole('control');
  const broken = having(safe, 'BROKEN');
  const missed = having(controls, 'not caught');
  const failed = DATA.rows.filter((row) => row.error !== '' || ['error', 'void'].includes(row.verdict));
  if (safe.length > 0) {
    lines.push(broken.length === 0
      ? `${counted(variantsOf(safe), 'safe variant')} ran, and no answer was wrong.`
      : `${counted(variantsOf(broken), 'safe variant')} gave wrong answers: ${listed(broken)}.`);
  }
  if (controls.length > 0) {
    lines.push(missed.length === 0
      ? `${counted(variantsOf(having(controls, 'caught')), 'unsafe control')} ran too, wrong on purpose; each was ` +
        'caught, which shows that the checks find what they look for.'
      : `The checks did not find these wrong, though they are: ${listed(missed)}. What they say of the others is unproven.`);
  }
  if (failed.length > 0) lines.push(`${counted(failed.length, 'row')} failed or were left out: ${listed(failed)}.`);
  return {lines, isGood: broken.length === 0 && missed.length === 0 && !failed.some((row) => row.verdict === 'void' || row.verdict === 'error')};
}

function listed(rows) {
  const names = rows.map((row) => shortened(row.name, 60));
  return names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
}

function showTop() {
  document.title = DATA.title;
  byId('title').textContent = DATA.title;
  byId('library').textContent = Chart.version;
  const {lines, isGood} = verdictLines();
  byId('verdict').className = isGood ? 'good' : 'bad';
  byId('verdict').append(element('strong', {}, isGood ? '✓ Correct: ' : '✗ Not correct: '), lines.join(' '));
  byId('families').append(...FAMILIES.map((family) =>
    element('a', {href: `#${anchor(family)}`}, shortened(family, 40))));
  for (const [term, text] of contextInWords()) byId('context').append(element('dt', {}, term), element('dd', {}, text));
}

function anchor(family) {
  return `family-${FAMILIES.indexOf(family)}`;
}

function contextInWords() {
  const said = DATA.context;
  const ways = {tcp: 'over TCP', unix: 'over a Unix socket'};
  const server = [said.server_name, said.server_version].filter(Boolean).join(' ') || 'unknown';
  const place = said.server_is_private === 'true' ? 'started for this run, on the same machine as the clients' : said.server_address;
  return [
    ['Server', [server, place, ways[said.transport] || said.transport].filter(Boolean).join(', ')],
    ['Machine', [said.num_cpus && `${said.num_cpus} processors`, said.cpu_model, said.memory_gib && `${said.memory_gib} GiB`,
      said.kernel].filter(Boolean).join(', ') || 'unknown'],
    ['Runs', `${counted(DATA.processes, 'process')}`.replace('processs', 'processes') +
      (DATA.processes > 1 ? '; figures are their medians, and a hover shows the range' : '; one run shows no small differences')],
    ['Load', said.rate && said.rate !== '0' ? `${said.rate} operations per second were asked for (open loop)`
      : 'each client starts the next operation when the last is done (closed loop)'],
    ['When', said.date || 'unknown'],
    ['Suite', [said.commit && `commit ${said.commit}`, said.build_type, said.compiler && `compiler ${said.compiler}`]
      .filter(Boolean).join(', ')],
    ['Files', DATA.names.join(', ')],
  ].filter(([, text]) => text);
}

// --- The filter

function matches(row) {
  const name = row.name.toLowerCase();
  return state.filter.toLowerCase().split(/\s+/).every((word) => name.includes(word));
}

// What a click on a bar does: only its variant, and once more: all.
function filterByRow(row) {
  const wanted = [row.family, row.group, row.variant].filter((part) => part !== '').join('/');
  setFilter(state.filter === wanted ? '' : wanted);
}

function setFilter(text) {
  state.filter = text.trim();
  if (byId('filter').value.trim() !== state.filter) byId('filter').value = state.filter;
  showFamilies();
}

function nameColumn(keys, onRow) {
  return {
    title: 'variant', value: (row) => rowName(row, keys),
    text: (row) => {
      const button = element('button', {type: 'button', class: 'name'}, SIGNS[row.role] + rowName(row, keys));
      button.addEventListener('click', () => onRow(row));
      return button;
    },
  };
}

function workersColumn() {
  return {title: 'workers', value: (row) => Number(row.arguments.workers), text: (row) => row.arguments.workers || '–'};
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

// The load that is shown first: the most workers, but not more than a hundred.
function usualWorkers(counts) {
  return counts.filter((count) => count <= 100).pop() || counts[0];
}

function workersChoice(family, counts, chosen) {
  const choice = element('fieldset', {class: 'choice'}, element('legend', {}, 'Workers'));
  for (const count of counts) {
    const input = element('input', {type: 'radio', name: `workers-${anchor(family)}`, value: count});
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

function familyCharts(rows, ofLoad, keys) {
  const has = (metric, some = rows) => some.some((row) => row.metrics[metric]);
  const cards = [];
  const bar = (...spec) => cards.push(barCard(...spec, ofLoad.filter((row) => row.metrics[spec[0]]), keys, filterByRow));
  if (has('p50_us', ofLoad)) {
    cards.push(latencyCard(ofLoad.filter((row) => row.metrics.p50_us && row.metrics.p99_us), keys, filterByRow));
  }
  const measured = rows.filter((row) => row.metrics.items_per_second && row.arguments.workers);
  if (workerCounts(measured).length > 1) {
    cards.push(workersCard('items_per_second', 'Operations per second, by the number of workers', 'Higher is better.',
      measured, keys, filterByRow));
  }
  if (has('items_per_second', ofLoad)) bar('items_per_second', 'Operations per second', 'Longer is better.', 'linear');
  if (has('computations', ofLoad)) {
    bar('computations', 'Computations per round or expiry', 'Shorter is better: 1 is ideal, and more is waste.', 'logarithmic');
  }
  if (has('round_trips_per_op', ofLoad)) {
    bar('round_trips_per_op', 'Round trips per operation', 'Shorter is better: each one waits for the network.', 'linear');
  }
  if (has('fairness', ofLoad)) {
    bar('fairness', 'Fairness', 'Longer is better: 1 means that all workers got as much done.', 'linear');
  }
  return cards;
}

// What was promised, and what the checks found.
function contractTable(rows, keys) {
  const found = (row) => Object.entries(row.detectors).filter(([, count]) => count > 0)
    .map(([name, count]) => `${name.replaceAll('_', ' ')}: ${count}`).join(', ');
  const words = {ok: 'kept', caught: 'caught, as it should be', BROKEN: 'BROKEN', 'not caught': 'NOT CAUGHT'};
  const said = (row) => (row.role === 'measurement' && row.verdict === 'ok' ? 'measured' : words[row.verdict] || row.verdict);
  return sortableTable('What was promised, and what the checks found', [
    nameColumn(['workers', ...keys], filterByRow),
    {title: 'result', value: said, text: said},
    {title: 'violations', value: (row) => row.worst_violations, text: (row) => human(row.worst_violations, '1')},
    {title: 'promise', value: (row) => row.contract,
      text: (row) => (row.role === 'control' ? 'breaks on purpose: ' : '') + [row.contract, ...row.bounds].join('; ') +
        (row.error ? ` (${row.error})` : '')},
    {title: 'found by', value: found, text: found},
  ], rows);
}

function showFamily(family) {
  const section = byId(anchor(family));
  for (const card of section.querySelectorAll('figure.card')) {
    visible.unobserve(card);
    card.erase();
  }
  const rows = DATA.rows.filter((row) => row.family === family && matches(row));
  section.hidden = rows.length === 0;
  if (section.hidden) return section.replaceChildren();
  const keys = tellingKeys(rows);
  const counts = workerCounts(rows);
  const chosen = counts.includes(state.workers[family]) ? state.workers[family] : usualWorkers(counts);
  const ofLoad = rows.filter((row) => !row.arguments.workers || Number(row.arguments.workers) === chosen);
  const head = element('header', {}, element('h2', {}, family));
  if (DATA.families[family]) head.append(element('p', {class: 'question'}, DATA.families[family]));
  if (counts.length > 1) head.append(workersChoice(family, counts, chosen));
  else if (counts.length === 1) head.append(element('p', {}, `${counts[0]} workers`));
  const cards = familyCharts(rows, ofLoad, keys);
  section.replaceChildren(head, element('div', {class: 'cards'}, ...cards), contractTable(rows, keys));
  cards.forEach((card) => visible.observe(card));
}

function showFamilies() {
  FAMILIES.forEach(showFamily);
  const shown = DATA.rows.filter(matches).length;
  byId('shown').textContent = `${shown} of ${DATA.rows.length} rows`;
}

// --- Beginning

showTop();
byId('sections').append(...FAMILIES.map((family) => element('section', {id: anchor(family), class: 'family'})));
showFamilies();
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

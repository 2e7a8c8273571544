'use strict';

// The top of the page: the verdict, the answers, and what was measured on what, in words.

// Counts variants, not rows: one may have run with several numbers of workers.
function variantsOf(rows) {
  return new Set(rows.map((row) => `${row.family}/${row.group}/${row.variant}`)).size;
}

// {headline, isGood, lines} of all results.
function verdict() {
  const having = (role, ...verdicts) => DATA.rows.filter((row) =>
    (!role || row.role === role) && verdicts.includes(row.verdict));
  const names = (rows) => listed(rows.map((row) => row.name));
  const safe = DATA.rows.filter((row) => row.role === 'safe');
  const broken = having('safe', 'BROKEN');
  const caught = having('control', 'caught');
  const missed = having('control', 'not caught');
  const unproven = having('control', 'not provable here');
  const failed = having(null, 'error', 'void');
  const overloaded = having(null, 'overloaded');
  const lines = [];
  if (broken.length > 0) {
    const count = counted(variantsOf(broken), 'safe variant');
    lines.push(`${count} gave wrong answers: ${names(broken)}.`);
  } else if (safe.length > 0) {
    lines.push(`${counted(variantsOf(safe), 'safe variant')} ran, and no answer was wrong.`);
  }
  if (missed.length > 0) {
    lines.push(`The checks did not find these wrong, though they are: ${names(missed)}. ` +
      'What the checks say of others in such a run is unproven.');
  } else if (caught.length > 0) {
    lines.push(`${counted(variantsOf(caught), 'unsafe control')} ran too, wrong on purpose; ` +
      'each was caught, which shows that the checks find what they look for.');
  }
  if (unproven.length > 0) {
    lines.push(`${counted(unproven.length, 'control')} had no chance to go wrong, for want of ` +
      `clients at the same time: ${names(unproven)}.`);
  }
  if (failed.length > 0) lines.push(`${counted(failed.length, 'row')} failed: ${names(failed)}.`);
  if (overloaded.length > 0) {
    lines.push(`More was asked of these than they could do: ${names(overloaded)}.`);
  }
  if (broken.length > 0) return {headline: '✗ Wrong answers: ', isGood: false, lines};
  if (missed.length > 0) return {headline: '✗ Not proven: ', isGood: false, lines};
  if (failed.length > 0) return {headline: '✗ Not complete: ', isGood: false, lines};
  return {headline: '✓ Correct: ', isGood: true, lines};
}

function contextInWords() {
  const said = DATA.context;
  const joined = (...parts) => parts.filter(Boolean).join(', ');
  const server = [said.server_name, said.server_version].filter(Boolean).join(' ');
  const place = said.server_is_private === 'true'
    ? 'started for this run, on the same machine as the clients' : said.server_address;
  const way = {tcp: 'over TCP', unix: 'over a Unix socket'}[said.transport];
  return [
    ['Server', joined(server || 'unknown', place, way)],
    ['Machine', joined(said.num_cpus && `${said.num_cpus} processors`, said.cpu_model,
      said.memory_gib && `${said.memory_gib} GiB`, said.kernel)],
    ['Runs', counted(DATA.processes, 'process', 'processes') + (DATA.processes > 1
      ? '. Figures are their medians; point at one to see how far the processes are apart'
      : '. One run cannot show small differences')],
    ['Load', said.rate && said.rate !== '0'
      ? `${said.rate} operations per second were asked for, however long they took (open loop)`
      : 'Each client begins its next operation when the last is done (closed loop)'],
    ['When', said.date],
    ['Suite', joined(said.commit && `commit ${said.commit}`, said.build_type,
      said.compiler && `compiler ${said.compiler}`)],
    ['Files', DATA.names.join(', ')],
  ].filter(([, text]) => text);
}

// --- The answers, which scripts/answers gives

function bestColumn(metric, title) {
  const best = (group) => group.fastest[metric] && group.fastest[metric].best;
  return {
    title, value: (group) => best(group) && best(group).variant,
    text: (group) => {
      if (!best(group)) return '–';
      const {tied} = group.fastest[metric];
      const text = `${best(group).variant} (${human(best(group).value, unitOf(metric))})`;
      if (tied.length === 0) return text;
      const others = tied.length > 3 ? counted(tied.length, 'other')
        : tied.map(({variant}) => variant).join(', ');
      return element('span', {}, text, element('small', {}, ` as good: ${others}`));
    },
  };
}

function lockingColumn() {
  const difference = (group) => group.difference && group.difference.p95_us;
  return {
    title: 'locking or lock-free, by p95?', value: (group) => (difference(group) || {}).factor,
    text: (group) => {
      const found = difference(group);
      if (!found || !found.factor) return '–';
      if (found.tie || !found.better) return 'no difference that this run can show';
      const better = {lockfree: 'lock-free', locking: 'locking'}[found.better];
      return `${better}: ${withDigits(found.factor)} times shorter`;
    },
  };
}

function answersTable(caption, groups) {
  return sortableTable(caption, [
    {
      title: 'where', value: ({title}) => title,
      text: ({title, family}) => element('a', {href: `#${anchor(family)}`}, title),
    },
    bestColumn('p95_us', 'shortest p95'), bestColumn('items_per_second', 'most per second'),
    lockingColumn(),
  ], groups);
}

// At the top one line for each question, at the load that its family shows first.
function showAnswers() {
  const {answers} = DATA;
  if (!answers || answers.groups.length === 0) return;
  const usual = ({family, workers}) =>
    workers === usualWorkers(DATA.rows.filter((row) => row.family === family));
  const place = byId('answers');
  place.hidden = false;
  place.append(element('h2', {}, 'What to take'),
    element('p', {}, 'Of the safe variants alone. p95 is the time that 95 of 100 operations ' +
      'did not exceed. “As good” is what this run cannot tell apart: where a variant ran ' +
      `fewer than four times, that is anything within ${answers.margin_percent} %.`),
    answersTable('The best of each family', answers.groups.filter(usual)));
  if (answers.groups.every(usual)) return;
  place.append(element('details', {}, element('summary', {}, 'With other numbers of workers'),
    answersTable('The best with each number of workers', answers.groups)));
}

// What a family's section says at its top.
function answersOf(family, workers) {
  const groups = DATA.answers ? DATA.answers.groups : [];
  return groups.filter((group) => group.family === family && group.workers === workers)
    .map((group) => element('div', {}, element('h3', {}, group.title),
      element('ul', {}, ...group.text.map((line) => element('li', {}, line)))));
}

function showTop() {
  document.title = DATA.title;
  byId('title').textContent = DATA.title;
  byId('library').textContent = Chart.version;
  const {headline, isGood, lines} = verdict();
  byId('verdict').className = isGood ? 'good' : 'bad';
  byId('verdict').append(element('strong', {}, headline), lines.join(' '));
  byId('families').append(...FAMILIES.map((family) =>
    element('a', {href: `#${anchor(family)}`}, shortened(family, 40))));
  for (const [term, text] of contextInWords()) {
    byId('context').append(element('dt', {}, term), element('dd', {}, text));
  }
  showAnswers();
}

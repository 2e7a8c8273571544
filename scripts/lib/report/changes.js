'use strict';

// What changed, as scripts/compare judges it; there with --old.

const VERDICTS = ['broken', 'errored', 'missing', 'regressed', 'collapsed', 'inconclusive',
  'too few', 'improved', 'new', 'held', 'unchanged'];

function ratioText(ratio) {
  if (typeof ratio !== 'number') return ratio || '–';
  if (ratio > 3 || ratio < 1 / 3) return `× ${withDigits(ratio)}`;
  const percent = (ratio - 1) * 100;
  return `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
}

function changeColumns() {
  // Worst first, and what is not listed last.
  const place = ({verdict}) => (VERDICTS.includes(verdict) ? VERDICTS.indexOf(verdict) : Infinity);
  const values = (key) => ({
    title: {old: 'before', new: 'after'}[key], value: (change) => change[key],
    text: (change) => human(change[key], unitOf(change.metric)),
  });
  return [
    {title: 'verdict', value: place, text: ({verdict}) => verdict},
    {title: 'benchmark', value: ({name}) => name, text: ({name}) => name},
    {title: 'metric', value: ({metric}) => metric, text: ({metric}) => metric || '–'},
    values('old'), values('new'),
    {title: 'change', value: ({ratio}) => ratio, text: ({ratio}) => ratioText(ratio)},
    {title: 'interval', value: ({low}) => low,
      text: ({low, high}) => (low === null ? '–' : `${ratioText(low)} to ${ratioText(high)}`)},
    {title: 'processes', value: (change) => change.n, text: ({n}) => n || '–'},
    {title: 'remark', value: ({remark}) => remark, text: ({remark}) => remark || ''},
  ];
}

// Around all intervals and 1, which stands out.
function changeScale(changes) {
  const isNone = ({tick}) => Boolean(tick) && Math.abs(tick.value - 1) < 1e-9;
  return {
    ...scale('logarithmic', '1'),
    min: Math.min(0.9, ...changes.map(({low}) => low)) * 0.97,
    max: Math.max(1.1, ...changes.map(({high}) => high)) * 1.03,
    grid: {
      borderColor: colours().grid,
      color: (context) => (isNone(context) ? colours().mark : colours().grid),
    },
    ticks: {
      color: colours().text, maxRotation: 0,
      callback: (value) => (isNone({tick: {value}}) ? 'no change' : ratioText(value)),
    },
  };
}

function changesCard(changes) {
  const names = changes.map(({name, metric}) => `${name} ${metric}`);
  const colour = ({verdict}) => ({regressed: colours().control, improved: colours().lockfree,
    unchanged: colours().other}[verdict] || colours().locking);
  return chartCard({
    title: 'How much it changed', isWide: true, rows: changes, height: barHeight(changes),
    good: 'The change and its confidence interval. ' +
      'Orange got worse, green better; blue is undecided, grey no change that counts.',
    columns: changeColumns(),
    config: () => barConfig(names, [
      marks(changes.map(({ratio}) => ratio)),
      {data: changes.map(({low, high}) => [low, high]), minBarLength: 3, barPercentage: 0.6,
        grouped: false, backgroundColor: changes.map(colour)},
    ], changeScale(changes), {
      label: (item) => {
        if (item.datasetIndex === 1) return '';
        const {verdict, ratio, low, high} = changes[item.dataIndex];
        return `${verdict}: ${ratioText(ratio)} (${ratioText(low)} to ${ratioText(high)})`;
      },
    }),
  });
}

// What does not compare is said at once.
function notes(all) {
  const isUrgent = (note) => note.startsWith('incomparable');
  const rest = all.filter((note) => !isUrgent(note));
  const made = all.filter(isUrgent).map((note) => element('p', {}, element('strong', {}, note)));
  if (rest.length > 0) {
    made.push(element('details', {}, element('summary', {}, counted(rest.length, 'note')),
      element('ul', {}, ...rest.map((note) => element('li', {}, note)))));
  }
  return made;
}

const MOST_CHANGES = 40;

function showChanges() {
  const place = byId('changes');
  const {comparison} = DATA;
  if (!comparison) return;
  const changes = comparison.rows.filter(({name}) => matches(name));
  const cards = element('div', {class: 'cards'});
  replaceCards(place, []);
  place.hidden = false;
  place.append(element('h2', {}, 'Before and after'),
    element('p', {}, `Before is ${comparison.names.join(', ')}. ${comparison.text}`),
    ...notes(comparison.notes), cards,
    sortableTable('What changed, worst first', changeColumns(), changes));
  const charted = changes.filter(({metric, low, high}) =>
    ['p95_us', 'items_per_second'].includes(metric) && low > 0 && typeof high === 'number');
  if (charted.length > 0) replaceCards(cards, [changesCard(charted.slice(0, MOST_CHANGES))]);
}

'use strict';

// Tables that sort by a click on the head of a column.

const MOST_ROWS = 400;

// COLUMNS are {title, note?, value(row), text(row)}: value sorts, text (or an element) is shown.
function sortableTable(caption, columns, rows) {
  const body = element('tbody');
  const rest = element('p', {class: 'rest'});
  const heads = columns.map((column, index) => {
    const button = element('button', {type: 'button'}, column.title);
    const head = element('th', {scope: 'col', 'aria-sort': 'none'}, button);
    if (column.note) head.title = column.note;
    button.addEventListener('click', () => sortBy(index));
    return head;
  });

  function fill(sorted) {
    body.replaceChildren(...sorted.slice(0, MOST_ROWS).map((row) => {
      const cells = columns.map((column) => column.text(row));
      return element('tr', {'data-role': row.role || ''}, element('th', {scope: 'row'}, cells[0]),
        ...cells.slice(1).map((cell) => element('td', {}, cell)));
    }));
    rest.textContent = rows.length > MOST_ROWS
      ? `The first ${MOST_ROWS} of ${rows.length}; sort or filter to see others.` : '';
  }

  function sortBy(index) {
    const isAscending = heads[index].getAttribute('aria-sort') !== 'ascending';
    const {value} = columns[index];
    heads.forEach((head) => head.setAttribute('aria-sort', 'none'));
    heads[index].setAttribute('aria-sort', isAscending ? 'ascending' : 'descending');
    fill([...rows].sort((a, b) => compareValues(value(a), value(b), isAscending)));
  }

  fill(rows);
  const table = element('table', {}, element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...heads)), body);
  const kind = rows.length > 20 ? 'scroll long' : 'scroll';
  return element('div', {class: kind, tabindex: '0', role: 'region', 'aria-label': caption},
    table, rest);
}

// What has no value stands last, whichever way.
function compareValues(a, b, isAscending) {
  const isMissing = (value) => value === undefined || value === null;
  if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b);
  const areNumbers = typeof a === 'number' && typeof b === 'number';
  const order = areNumbers ? a - b : String(a).localeCompare(String(b));
  return isAscending ? order : -order;
}

// --- Columns

// The name of a row, which does what a click on its bar does.
function nameColumn(keys, onRow) {
  return {
    title: 'variant', value: (row) => rowName(row, keys),
    text: (row) => {
      const button = element('button', {type: 'button', class: 'name'}, signedName(row, keys));
      button.addEventListener('click', () => onRow(row));
      return button;
    },
  };
}

function workersColumn() {
  return {
    title: 'workers', value: (row) => Number(row.arguments.workers),
    text: (row) => row.arguments.workers || '–',
  };
}

function metricColumn(metric) {
  return {
    title: metric.replace(/_us$/, '').replaceAll('_', ' '),
    note: (DATA.metrics[metric] || {}).meaning,
    value: (row) => figure(row, metric), text: (row) => human(figure(row, metric), unitOf(metric)),
  };
}

function oldColumn(metric) {
  const column = metricColumn(metric);
  return {
    title: `${column.title} before`, note: column.note,
    value: (row) => row.old && column.value(row.old),
    text: (row) => (row.old ? column.text(row.old) : '–'),
  };
}

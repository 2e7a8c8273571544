'use strict';

// Tables that sort by a click on the head of a column.

// COLUMNS are {title, value(row), text(row), note?}: value sorts, text is shown.
function sortableTable(caption, columns, rows) {
  const body = element('tbody');
  const heads = columns.map((column, index) => {
    const button = element('button', {type: 'button'}, column.title);
    const head = element('th', {scope: 'col', 'aria-sort': 'none'}, button);
    if (column.note) head.title = column.note;
    button.addEventListener('click', () => sortBy(index));
    return head;
  });

  function fill(sorted) {
    body.replaceChildren(...sorted.map((row) => element('tr', {'data-role': row.role || ''},
      ...columns.map((column, index) => element(index === 0 ? 'th' : 'td',
        index === 0 ? {scope: 'row'} : {}, column.text(row))))));
  }

  function sortBy(index) {
    const ascending = heads[index].getAttribute('aria-sort') !== 'ascending';
    heads.forEach((head) => head.setAttribute('aria-sort', 'none'));
    heads[index].setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
    fill([...rows].sort((a, b) => compareValues(columns[index].value(a), columns[index].value(b), ascending)));
  }

  fill(rows);
  return element('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption},
    element('table', {}, element('caption', {}, caption), element('thead', {}, element('tr', {}, ...heads)), body));
}

// What has no value stands last, whichever way.
function compareValues(a, b, ascending) {
  const isMissing = (value) => value === undefined || value === null;
  if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b);
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
  return ascending ? order : -order;
}

function metricColumn(metric, title) {
  const known = DATA.metrics[metric] || {unit: '1'};
  return {
    title: title || metric.replace(/_us$/, '').replaceAll('_', ' '), note: known.meaning,
    value: (row) => figure(row, metric), text: (row) => human(figure(row, metric), known.unit),
  };
}

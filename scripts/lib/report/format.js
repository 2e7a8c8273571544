'use strict';

// Figures and names as people read them. Everything that comes from results is text, and is put into
// the page by textContent only.

const SIGNS = {control: '⚠ ', safe: '', measurement: ''};

function withDigits(value) {
  return Math.abs(value) < 999.5 ? String(Number(value.toPrecision(3))) : String(Math.round(value));
}

function duration(us) {
  if (us < 0.9995) return withDigits(us * 1e3) + ' ns';
  if (us < 999.5) return withDigits(us) + ' µs';
  if (us < 999.5e3) return withDigits(us / 1e3) + ' ms';
  return withDigits(us / 1e6) + ' s';
}

function rate(value) {
  if (value >= 999.5e3) return withDigits(value / 1e6) + ' M/s';
  if (value >= 9999.5) return withDigits(value / 1e3) + ' k/s';
  return withDigits(value) + ' /s';
}

// A figure with its unit as in scripts/metrics.tsv; nothing where there is none.
function human(value, unit) {
  if (value === undefined || value === null) return '–';
  if (unit === 'us') return duration(value);
  if (unit === 'ns') return duration(value / 1e3);
  if (unit === '1/s') return rate(value);
  return withDigits(value) + (unit === 'MiB' ? ' MiB' : '');
}

// The median of a row's metric, or undefined.
function figure(row, metric) {
  return row.metrics[metric] ? row.metrics[metric][0] : undefined;
}

// The figure, and where several processes measured it, from which to which they did.
function withRange(row, metric, unit) {
  const figures = row.metrics[metric];
  if (!figures) return '–';
  const text = human(figures[0], unit);
  if (figures.length < 3 || figures[1] === figures[2]) return text;
  return `${text} (processes: ${human(figures[1], unit)} to ${human(figures[2], unit)})`;
}

function shortened(text, length) {
  return text.length > length ? text.slice(0, length - 1) + '…' : text;
}

// What a row is called inside its family: group and variant, and those arguments that are named.
function rowName(row, keys) {
  const name = [row.group, row.variant].filter((part) => part !== '').join('/') || row.name;
  const rest = keys.filter((key) => key in row.arguments).map((key) => `${key}:${row.arguments[key]}`);
  return [name, ...rest].join(' ');
}

// Makes an element with attributes and children, which are elements or text.
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

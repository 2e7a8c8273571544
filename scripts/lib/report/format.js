'use strict';

// Figures and names as people read them. What comes from results is text everywhere: it enters the
// page as text nodes only.

const DATA = JSON.parse(document.getElementById('data').textContent);
const LATENCIES = ['p50_us', 'p95_us', 'p99_us', 'max_us'];

function withDigits(value) {
  if (Math.abs(value) < 999.5) return String(Number(value.toPrecision(3)));
  return String(Math.round(value));
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

// A figure with its unit as in scripts/metrics.tsv.
function human(value, unit) {
  if (value === undefined || value === null) return '–';
  if (unit === 'us') return duration(value);
  if (unit === 'ns') return duration(value / 1e3);
  if (unit === '1/s') return rate(value);
  return withDigits(value) + (unit === 'MiB' ? ' MiB' : '');
}

function unitOf(metric) {
  return (DATA.metrics[metric] || {unit: '1'}).unit;
}

// The median of a row's metric, or undefined.
function figure(row, metric) {
  return row.metrics[metric] ? row.metrics[metric][0] : undefined;
}

// The figure, and where several processes measured it, from which to which they did.
function withRange(row, metric) {
  const figures = row.metrics[metric];
  if (!figures) return '–';
  const [median, least, most] = figures.map((value) => human(value, unitOf(metric)));
  return figures.length < 3 || least === most ? median
    : `${median} (processes: ${least} to ${most})`;
}

function shortened(text, length) {
  return text.length > length ? text.slice(0, length - 1) + '…' : text;
}

function counted(number, one, many) {
  return `${number} ${number === 1 ? one : many || one + 's'}`;
}

// The first three of some names.
function listed(names) {
  const shown = names.slice(0, 3).map((name) => shortened(name, 60)).join(', ');
  return shown + (names.length > 3 ? ` and ${names.length - 3} more` : '');
}

// What a row is called inside its family: group and variant, and those arguments that are named.
function rowName(row, keys) {
  const name = [row.group, row.variant].filter((part) => part !== '').join('/') || row.name;
  const rest = keys.filter((key) => key in row.arguments)
    .map((key) => `${key}:${row.arguments[key]}`);
  return [name, ...rest].join(' ');
}

// With a sign where the figures are of no use to anyone: an unsafe variant, or one that failed.
function signedName(row, keys) {
  const name = (row.role === 'control' ? '⚠ ' : '') + rowName(row, keys);
  return ['BROKEN', 'overloaded', 'void'].includes(row.verdict) ? `${name} [${row.verdict}]` : name;
}

// Makes an element with attributes and children, which are elements or text.
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

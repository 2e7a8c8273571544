# A dashboard for Grafana, as its "Import" takes it, of the metrics of bench --metrics_port and of those
# that scripts/export --format openmetrics writes: jq --null-input --from-file dashboard.jq

def datasource: {type: "prometheus", uid: "${datasource}"};

def chosen: "family=~\"$family\",workers=~\"$workers\"";

def by: "family, discipline, variant, workers";

def series: "{{family}}/{{discipline}}/{{variant}}, {{workers}} workers";

def target($expr; $legend): {datasource: datasource, expr: $expr, legendFormat: $legend, refId: "A"};

# $place is [x, y, width, height] in the 24 columns of the page.
def panel($id; $type; $title; $description; $unit; $place; $targets): {
  id: $id, type: $type, title: $title, description: $description, datasource: datasource,
  gridPos: {x: $place[0], y: $place[1], w: $place[2], h: $place[3]},
  targets: [range($targets | length) as $i | $targets[$i] | .refId = "ABCDEFGH"[$i:$i + 1]],
  fieldConfig: {defaults: {unit: $unit, min: 0, color: {mode: "palette-classic"}}, overrides: []},
  options: {legend: {displayMode: "table", placement: "bottom", calcs: ["lastNotNull", "max"]},
    tooltip: {mode: "multi", sort: "desc"}}};

def timeseries($id; $title; $description; $unit; $place; $expr):
  panel($id; "timeseries"; $title; $description; $unit; $place; [target($expr; series)]);

def logarithmic: .fieldConfig.defaults += {custom: {scaleDistribution: {type: "log", log: 10}}} |
  del(.fieldConfig.defaults.min);

# A number that has to be 0.
def count($id; $title; $description; $place; $expr):
  panel($id; "stat"; $title; $description; "short"; $place; [target($expr; "")]) |
  .fieldConfig.defaults += {noValue: "0", color: {mode: "thresholds"}, thresholds: {mode: "absolute",
    steps: [{color: "green", value: null}, {color: "red", value: 1}]}} |
  .options = {colorMode: "background", graphMode: "none",
    reduceOptions: {calcs: ["lastNotNull"], fields: "", values: false}};

def quantile($q): "histogram_quantile(\($q), sum by (\(by), le) " +
  "(rate(rcb_latency_seconds_bucket{\(chosen)}[$__rate_interval])))";

def rate($counter): "sum by (\(by)) (rate(\($counter){\(chosen)}[$__rate_interval]))";

def variable($name; $title): {
  name: $name, "label": $title, type: "query", datasource: datasource, includeAll: true, multi: true,
  allValue: ".*", refresh: 2, sort: 3, current: {text: "All", value: "$__all"},
  query: {refId: $name,
    query: "label_values({__name__=~\"rcb_operations_total|rcb_operations_per_second\"}, \($name))"}};

{
  title: "redis-contention-bench", uid: "redis-contention-bench", schemaVersion: 38, version: 1,
  tags: ["redis", "benchmark"], timezone: "browser", editable: true, refresh: "5s",
  time: {from: "now-30m", to: "now"}, annotations: {list: []}, links: [],
  templating: {list: [
    {name: "datasource", "label": "Data source", type: "datasource", query: "prometheus",
     current: {}, hide: 0},
    variable("family"; "Family"), variable("workers"; "Workers")]},
  panels: [
    count(1; "Violations of safe variants"; "Has to be 0. A safe variant broke what it promises.";
      [0, 0, 6, 4];
      "sum(rcb_violations_total{discipline!=\"unsafe\",\(chosen)}) or sum(rcb_violations{discipline!=\"unsafe\",\(chosen)})"),
    count(2; "Errors"; "Should be 0: errors of the server or of connections, and timeouts."; [6, 0, 6, 4];
      "sum(rcb_errors_total{\(chosen)}) or sum(rcb_errors{\(chosen)})"),
    (count(3; "Violations of unsafe variants"; "These are wrong on purpose: what is found here shows that the detectors work.";
      [12, 0, 6, 4];
      "sum(rcb_violations_total{discipline=\"unsafe\",\(chosen)}) or sum(rcb_violations{discipline=\"unsafe\",\(chosen)})") |
      .fieldConfig.defaults.thresholds.steps = [{color: "blue", value: null}]),
    (panel(4; "stat"; "Operations per second"; "Of all that run now."; "ops"; [18, 0, 6, 4];
      [target("sum(rate(rcb_operations_total{\(chosen)}[$__rate_interval]))"; "")]) |
      .options = {colorMode: "none", graphMode: "area",
        reduceOptions: {calcs: ["lastNotNull"], fields: "", values: false}}),
    (timeseries(5; "p95 of latency"; "Lower is better: 95 of 100 operations take no longer."; "s";
      [0, 4, 12, 9]; quantile("0.95")) | logarithmic),
    timeseries(6; "Operations per second"; "Higher is better: operations that completed."; "ops";
      [12, 4, 12, 9]; rate("rcb_operations_total")),
    (timeseries(7; "Median of latency"; "Lower is better."; "s"; [0, 13, 12, 8]; quantile("0.5")) |
      logarithmic),
    (timeseries(8; "p99 of latency"; "Lower is better: 99 of 100 operations take no longer."; "s";
      [12, 13, 12, 8]; quantile("0.99")) | logarithmic),
    timeseries(9; "Expensive computations per second";
      "Lower is better: flat with few, and spikes where nothing protects from a stampede."; "short";
      [0, 21, 12, 8]; rate("rcb_computations_total")),
    timeseries(10; "Errors per second"; "Lower is better: has to be 0."; "short"; [12, 21, 12, 8];
      rate("rcb_errors_total")),
    (panel(11; "heatmap"; "Latency of all operations"; "How many operations took how long."; "s";
      [0, 29, 12, 9];
      [target("sum by (le) (increase(rcb_latency_seconds_bucket{\(chosen)}[$__rate_interval]))"; "{{le}}") |
        .format = "heatmap"]) |
      .options = {calculate: false, yAxis: {unit: "s"}, color: {mode: "scheme", scheme: "Viridis"}}),
    (panel(12; "bargauge"; "p95 of exported results"; "Lower is better: of scripts/export --format openmetrics.";
      "s"; [12, 29, 12, 9];
      [target("max by (\(by), arguments) (rcb_latency_seconds{quantile=\"0.95\",\(chosen)})";
        "{{family}}/{{discipline}}/{{variant}}, {{workers}} workers {{arguments}}") | .instant = true]) |
      .options = {displayMode: "basic", orientation: "horizontal",
        reduceOptions: {calcs: ["lastNotNull"], fields: "", values: false}})
  ]
}

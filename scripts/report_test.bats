#!/usr/bin/env bats
# scripts/report: the page that it writes, seen by a real browser.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

# The program for jq that gives the rows what the charts show.
readonly COMPLETE='.benchmarks[] |= (.p99_us = .p95_us * 3 | .max_us = 1000 | .fairness = 0.9 |
  .round_trips_per_op = 2 | .verdict = (if .role == "control" then "caught" else "ok" end) |
  .detectors = {by_counter: .violations} |
  if .name | startswith("Stampede") then .computations = 1.5 else . end)'

load_parts() {
  # shellcheck source=scripts/lib/fixture.sh
  source "${BATS_TEST_DIRNAME}/lib/fixture.sh"
  # shellcheck source=scripts/lib/browser.sh
  source "${BATS_TEST_DIRNAME}/lib/browser.sh"
  # shellcheck disable=SC2034  # fixture.sh makes results of them
  VARIANTS=(Counter/{unsafe/get_set,locking/token_lock,lockfree/incr}/workers:{10,50}
    Stampede/{unsafe/none,locking/pubsub}/workers:100/compute_ms:10)
}

setup_file() {
  load_parts
  cd "${BATS_FILE_TMPDIR}" || exit
  write_processes results 1 2 "${COMPLETE}"
  "${BATS_TEST_DIRNAME}/report" results --output usual.html
  if type -P chromedriver >/dev/null; then start_browser "${BATS_FILE_TMPDIR}"; fi
}

teardown_file() {
  load_parts
  stop_browser
}

setup() {
  load_parts
  cd "${BATS_TEST_TMPDIR}" || exit
}

report() { # STATUS ARG...
  local status_wanted="$1"
  shift
  run "-${status_wanted}" --separate-stderr "${BATS_TEST_DIRNAME}/report" "$@"
}

# Makes a page of results after a program for jq, and shows it; without one, the usual page.
show() { # [JQ_PROGRAM] [ARG...]
  type -P chromedriver >/dev/null || skip "no browser here"
  if (($# == 0)); then
    open_page "${BATS_FILE_TMPDIR}/usual.html"
    return
  fi
  write_processes results 1 "${processes:-2}" "${COMPLETE} | $1"
  report 0 results --output page.html "${@:2}"
  [[ -z "${output}${stderr}" ]]
  open_page page.html
}

# What draws charts when it comes into view does so without being looked at.
readonly DRAW_ALL='allCards().forEach((card) => card.draw());'

expect() { # SCRIPT VALUE
  local got
  got="$(in_page "$1")"
  [[ "${got}" == "$2" ]] || { echo "$1 is ${got}, not $2" && return 1; }
}

# Fails where the page wrote to the console.
expect_quiet() {
  local messages
  messages="$(console_messages)"
  [[ -z "${messages}" ]] || { echo "console: ${messages}" && return 1; }
}

# The same for what the page does a moment later.
eventually() { # SCRIPT VALUE
  local try
  for try in 1 2 3 4 5 6 7 8 9; do
    if [[ "$(in_page "$1")" == "$2" ]]; then return; fi
    sleep "0.${try}"
  done
  expect "$@"
}

# Prints where a bar of the first chart is, in pixels from its middle.
place_of_bar() { # NUMBER
  in_page "const canvas = document.querySelector('#family-0 canvas');
    const bar = Chart.getChart(canvas).getDatasetMeta(1).data[$1];
    return [bar.x - canvas.clientWidth / 2, bar.y - canvas.clientHeight / 2].map(Math.round)" |
    jq --raw-output 'join(" ")'
}

@test "the page opens from disk, loads nothing, draws its charts and writes nothing to the console" {
  show
  in_page "${DRAW_ALL}" >/dev/null
  expect 'return performance.getEntriesByType("resource").length' 0
  expect 'return document.querySelectorAll("figure.card").length' 10
  # Nor could it: what it may load, its policy says.
  expect 'document.body.append(Object.assign(new Image(), {src: "file:///etc/hostname"}));
    return performance.getEntriesByType("resource").length' 0
  run -0 console_messages
  [[ "${output}" == *"Content Security Policy"* && "${#lines[@]}" == 1 ]]
  # Each has pixels of some colour, thousands of them.
  expect 'return [...document.querySelectorAll("figure.card canvas")].every((canvas) => {
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let drawn = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) ++drawn;
    return drawn > 2000;
  })' true
  expect_quiet
}

@test "charts are drawn when they come into view, without a word from outside" {
  show
  expect 'return document.querySelector("#family-1 canvas").dataset.drawn' null
  in_page 'document.querySelector("#family-1 canvas").scrollIntoView()' >/dev/null
  eventually 'return document.querySelector("#family-1 canvas").dataset.drawn' '"true"'
}

@test "the verdict is in words, and a wrong answer changes it" {
  show
  expect 'return document.getElementById("verdict").textContent' \
    '"✓ Correct: 3 safe variants ran, and no answer was wrong. 2 unsafe controls ran too, wrong on purpose; each was caught, which shows that the checks find what they look for."'
  show '(.benchmarks[] | select(.name | contains("incr"))) |= (.verdict = "BROKEN" | .violations = 3)'
  expect 'return document.getElementById("verdict").className' '"bad"'
  expect 'return document.getElementById("verdict").textContent.includes(
    "1 safe variant gave wrong answers: Counter/lockfree/incr/workers:10")' true
  expect 'return document.querySelector("#family-0").textContent.includes("incr workers:10 [BROKEN]")' true
}

@test "a family stands under the question of the catalogue" {
  show
  expect 'return document.querySelector("#family-0 .question").textContent' \
    '"What does it cost to make read-add-write atomic on one hot key?"'
}

@test "the table beside a chart has the medians that scripts/table prints" {
  processes=3
  show '.benchmarks[].p50_us = {"1": 9999, "2": 1234.5, "3": 5}[.context.seed]'
  in_page 'document.querySelector("#family-0 figure summary").scrollIntoView({block: "center"})' >/dev/null
  click '#family-0 figure summary'
  eventually 'return [...(document.querySelector("#family-0 figure tbody tr") || document.head).children]
    .map((cell) => cell.textContent).slice(0, 2)' '["⚠ unsafe/get_set","1.23 ms"]'
}

@test "typing filters the rows, and the button shows all again" {
  show
  expect 'return document.getElementById("shown").textContent' '"8 of 8 rows"'
  type_into '#filter' 'PUBSUB'
  expect 'return document.getElementById("shown").textContent' '"1 of 8 rows"'
  expect 'return [...document.querySelectorAll("section.family")].map((section) => section.hidden)' '[true,false]'
  click '#clear'
  expect 'return document.getElementById("shown").textContent' '"8 of 8 rows"'
}

@test "a click on a bar filters by its variant, and so does its name in the table" {
  local at
  show
  in_page 'document.querySelector("#family-0 canvas").scrollIntoView({block: "center"})' >/dev/null
  at="$(place_of_bar 1)"
  # shellcheck disable=SC2086  # two words
  click_at '#family-0 canvas' ${at}
  expect 'return document.getElementById("filter").value' '"Counter/locking/token_lock"'
  expect 'return document.getElementById("shown").textContent' '"2 of 8 rows"'
  in_page 'document.querySelector("section:not([hidden]) > .scroll button.name").focus()' >/dev/null
  type_into 'section:not([hidden]) > .scroll button.name' $'\ue007'  # Enter
  expect 'return document.getElementById("shown").textContent' '"8 of 8 rows"'
  expect 'return document.activeElement.className' '"name"'
  expect_quiet
}

@test "a click on the head of a column sorts, the next the other way; figures by value" {
  show '.benchmarks |= [to_entries[] | .value.violations = ([900, 1000, 0, 1, 0, 1][.key] // 0) | .value]'
  local values='return [...document.querySelectorAll("#family-0 > .scroll tbody tr")].map((row) => row.children[2].textContent)'
  local head='#family-0 > .scroll thead th:nth-child(3) button'
  in_page 'document.querySelector("#family-0 > .scroll").scrollIntoView({block: "center"})' >/dev/null
  click "${head}"
  expect "${values}" '["0","0","1","1","900","1000"]'
  expect 'return document.querySelector("#family-0 > .scroll thead th:nth-child(3)").ariaSort' '"ascending"'
  click "${head}"
  expect "${values}" '["1000","900","1","1","0","0"]'
}

@test "pointing at a bar shows its figures" {
  local at
  show '.benchmarks[] |= (.p50_us = 1111 | .p99_us = 2345) |
    .benchmarks[].p50_us += 100 * (.context.seed | tonumber)'
  in_page 'document.querySelector("#family-0 canvas").scrollIntoView({block: "center"})' >/dev/null
  at="$(place_of_bar 0)"
  # shellcheck disable=SC2086  # two words
  point_at '#family-0 canvas' ${at}
  eventually 'return Chart.getChart(document.querySelector("#family-0 canvas")).tooltip.body
    .flatMap(({lines}) => lines).filter((line) => line.startsWith("p99") || line.startsWith("p50"))' \
    '["p50: 1.26 ms (processes: 1.21 ms to 1.31 ms)","p99: 2.35 ms"]'
  expect 'return Chart.getChart(document.querySelector("#family-0 canvas")).data.datasets[1].data[0]' \
    '[1261,2345]'
  # What is unsafe is hatched.
  expect 'return Chart.getChart(document.querySelector("#family-0 canvas")).data.datasets[1]
    .backgroundColor.map((colour) => colour instanceof CanvasPattern)' '[true,false,false]'
}

@test "another number of workers shows other rows" {
  show
  expect 'return document.querySelector("#family-0 input:checked").value' '"50"'
  click '#family-0 input[value="10"]'
  expect 'return document.querySelector("#family-0 input:checked").value' '"10"'
}

@test "hostile names and labels are text" {
  local hostile='<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">'
  hostile+="'&amp;\$(id)</textarea>--><!--"
  HOSTILE="${hostile}" show '(.benchmarks[0] | .name, .run_name) = "Counter/unsafe/\(env.HOSTILE)" |
    .benchmarks[0].label = env.HOSTILE + ("x" * 300) | .context.commit = env.HOSTILE |
    (.benchmarks[1] | .name, .run_name) = "\(env.HOSTILE)/\(env.HOSTILE)/" + ("y" * 300)' --title "${hostile}"
  in_page "${DRAW_ALL}" >/dev/null
  expect 'return [typeof window.hacked, document.querySelectorAll("img").length, document.scripts.length]' \
    '["undefined",0,11]'
  expect 'return document.title' "$(jq --null-input --arg text "${hostile}" '$text')"
  expect 'return document.body.textContent.includes("x".repeat(300))' true
  expect_quiet
}

@test "dark and light differ, and a page on paper has every chart" {
  show
  local background='return getComputedStyle(document.body).backgroundColor'
  emulate '{"features": [{"name": "prefers-color-scheme", "value": "light"}]}'
  expect "${background}" '"rgb(255, 255, 255)"'
  emulate '{"features": [{"name": "prefers-color-scheme", "value": "dark"}]}'
  expect "${background}" '"rgb(23, 25, 28)"'
  webdriver print '{}' >pdf
  expect 'return [...document.querySelectorAll("figure.card canvas")].every((canvas) => canvas.dataset.drawn)' true
  emulate '{"features": []}'
}

@test "nothing is wider than a phone" {
  show "(.benchmarks[0] | .name, .run_name) = \"Counter/unsafe/\" + (\"z\" * 300)"
  resize 360 700
  open_page page.html
  in_page "${DRAW_ALL}" >/dev/null
  expect 'return document.documentElement.scrollWidth' 360
  resize 1200 900
}

# --- What else there may be to show

@test "the answers stand at the top, and in the section of their family" {
  show '.benchmarks[] |= (if .name | contains("incr") then .p95_us = 20 else . end)'
  expect 'return [...document.querySelector("#answers tbody tr").children].slice(0, 2)
    .map((cell) => cell.textContent)' '["Counter, 50 workers","lockfree/incr (20 µs)"]'
  expect 'return document.querySelector("#family-0 li").textContent.startsWith(
    "fastest by p95: lockfree/incr")' true
}

@test "--series draws computations and p95 over time, with events" {
  local row
  for row in unsafe/none locking/pubsub; do
    row="Stampede/${row}/workers:100/compute_ms:10/real_time/threads:1"
    jq --null-input --compact-output --arg row "${row}" '{$row, t_ms: 0, mark: "run", text: ""},
      {$row, t_ms: 5, ops: 1, errors: 0, computations: 1, p95_us: 7},
      {$row, t_ms: 10, mark: "run", text: ""},
      (range(1; 1000) | {$row, t_ms: (10 + . * 100), ops: 9, errors: 0, computations: (. % 5),
        violations: null, p50_us: null, p95_us: (if . == 3 then null else 100 + . end)}),
      {$row, t_ms: 255, mark: "expiry", text: "<b>2</b>"}'
  done >series.jsonl
  show . --series series.jsonl
  in_page "${DRAW_ALL}" >/dev/null
  # The last run alone; the event on the line of its interval.
  expect 'const chart = Chart.getChart([...document.querySelectorAll("#family-1 canvas")]
      .find((canvas) => canvas.getAttribute("aria-label").startsWith("Computations per second")));
    const [line, events] = chart.data.datasets;
    return [line.data.length, line.data[2].x, line.data[2].y, events.data[0].x, events.data[0].y,
      events.data[0].text]' '[1000,0.2,20,0.245,30,"expiry <b>2</b> after 245 ms"]'
  expect_quiet
}

@test "--histograms draws all percentiles" {
  mkdir histograms
  printf '%12s %14s %10s %14s\n\n' Value Percentile TotalCount '1/(1-Percentile)' \
    >histograms/Counter.unsafe.get_set.workers_50.real_time.threads_1.hgrm
  printf '%12.3f %2.12f %10d %14.2f\n' 10 0 1 1 20 0.5 50 2 90 0.99 99 100 \
    >>histograms/Counter.unsafe.get_set.workers_50.real_time.threads_1.hgrm
  printf '%12.3f %2.12f %10d\n#[Mean = 1]\n' 95 1 100 \
    >>histograms/Counter.unsafe.get_set.workers_50.real_time.threads_1.hgrm
  show . --histograms histograms
  in_page "${DRAW_ALL}" >/dev/null
  expect 'const chart = Chart.getChart(document.querySelectorAll("#family-0 canvas")[1]);
    return chart.data.datasets[0].data.map(({text}) => text)' \
    '["0 % took at most 10 µs","50 % took at most 20 µs","99 % took at most 90 µs"]'
}

@test "--old shows what scripts/compare says, and how latencies were" {
  write_processes older 11 16 "${COMPLETE}"
  processes=6
  show '.benchmarks[].p95_us *= 1.5' --old older
  expect 'return [...document.querySelectorAll("#changes > .scroll tbody tr")]
    .filter((row) => row.children[0].textContent === "regressed")
    .map((row) => row.children[2].textContent).join()' "\"$(printf 'p95_us,%.0s' 1 2 3 4 5 6 7)p95_us\""
  expect 'return document.querySelectorAll("#changes .card").length' 1
  in_page "${DRAW_ALL}" >/dev/null
  expect 'return Chart.getChart(document.querySelector("#family-0 canvas")).data.datasets.length' 3
  expect_quiet
}

@test "--knee draws p95 against the load, with the knee" {
  jq --null-input '{schema_version: 1, kind: "knee", levels: [{metric: "p95_us", sign: "<", bound: 20000}],
    knees: [{benchmark: "Counter/lockfree/incr/workers:50/real_time/threads:1", family: "Counter",
      discipline: "lockfree", variant: "incr", workers: "50", knee_per_second: 2100, limit: "server",
      why: "p95_us is 26667", points: [
        {rate: 3000, p95_us: 26667, holds: false, why: "p95_us is 26667"},
        {rate: 1000, p95_us: 100, holds: true, why: null}, {rate: 2000, p95_us: 400, holds: true},
        {rate: 2000, p95_us: 300, holds: true}, {rate: 2000, p95_us: 900, holds: true}]}]}' >knee.json
  show . --knee knee.json
  in_page "${DRAW_ALL}" >/dev/null
  expect 'const [line, events] = Chart.getChart(document.querySelector("#knees canvas")).data.datasets;
    return [line.label, line.data.map(({x, y}) => [x, y]), events.data.map(({x, y}) => [x, y]),
      line.data[2].text]' '["lockfree/incr workers:50",[[1000,100],[2000,400],[3000,26667]],[[2100,400]],"3000 /s offered: p95 26.7 ms, p95_us is 26667"]'
  expect_quiet
}

@test "--records draws p95 over all records, with the changes that scripts/history sees" {
  local number
  for number in {1..12}; do
    write_processes "$(printf 'records/20260101T%06dZ-c%04d-m' "${number}" "${number}")" \
      "${number}" "${number}" "${COMPLETE} |
      .context.seed = \"1\" | .context.commit = \"c000${number}\" |
      .benchmarks[].p95_us *= (if ${number} > 6 then 2 else 1 end)"
  done
  show . --records records
  in_page "${DRAW_ALL}" >/dev/null
  expect 'const chart = Chart.getChart([...document.querySelectorAll("#family-0 canvas")]
      .find((canvas) => canvas.getAttribute("aria-label").startsWith("p95 over all records")));
    const [line, events] = chart.data.datasets;
    return [line.data.length, events.data.length, events.data[0].x,
      events.data[0].text.replace(/:.*/, "")]' \
    '[12,1,6,"regressed in 20260101T000007Z-c0007-m"]'
  expect_quiet
}

@test "scripts/screenshots takes two pictures, and names what it cannot find" {
  type -P chromedriver >/dev/null || skip "no browser here"
  run -0 "${BATS_TEST_DIRNAME}/screenshots" . Counter "${BATS_FILE_TMPDIR}/results"
  [[ "$(head --bytes=4 report-answers.png)" == $'\x89PNG' ]]
  [[ "$(head --bytes=4 report-family.png)" == $'\x89PNG' ]]
  run -2 "${BATS_TEST_DIRNAME}/screenshots" . Counter
  [[ "${output}" == "screenshots: name a directory, a family and results; see --help" ]]
  run -2 "${BATS_TEST_DIRNAME}/screenshots" missing Counter "${BATS_FILE_TMPDIR}/results"
  [[ "${output}" == "screenshots: missing is no directory" ]]
}

# shellcheck shell=bash
# Drives a headless Chromium over the WebDriver protocol, for tests, which source it.
#
#   start_browser DIRECTORY    starts one that reaches no network; its files are in DIRECTORY
#   stop_browser               ends it
#   open_page FILE             shows a file
#   in_page SCRIPT             runs SCRIPT in the page, and prints as JSON what it returns
#   console_messages           prints what the page wrote to the console since the last time
#   click SELECTOR             clicks with the mouse on what a CSS selector finds
#   click_at SELECTOR X Y      the same at pixels from the middle of it
#   point_at SELECTOR X Y      moves the mouse there
#   type_into SELECTOR TEXT    types, as a user does at the keyboard
#   emulate JSON               sets what media the page sees: {"media": "", "features": [...]}
#   resize WIDTH HEIGHT        of the window
#   save_picture FILE          writes what the window shows, as PNG

start_browser() { # DIRECTORY
  local port="" options waited
  browser_log="$1/chromedriver"
  chromedriver --port=0 >"${browser_log}" 2>&1 3>&- &
  browser_pid="$!"
  for ((waited = 0; waited < 300; ++waited)); do
    port="$(sed -n 's/.*started successfully on port \([0-9]*\).*/\1/p' "${browser_log}")"
    if [[ -n "${port}" ]]; then break; fi
    sleep 0.1
  done
  [[ -n "${port}" ]] || { cat "${browser_log}" && return 1; }
  browser_url="http://127.0.0.1:${port}"
  # A proxy that is none keeps everything away that is not on the disk; root may have no sandbox.
  options="$(jq --null-input --arg binary "$(type -P chromium chromium-browser google-chrome | head --lines=1)" \
    --arg profile "$1/profile" '{capabilities: {alwaysMatch: {
      "goog:loggingPrefs": {browser: "ALL"},
      "goog:chromeOptions": {binary: $binary, args: ["--headless", "--no-sandbox", "--disable-gpu",
        "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1200,900",
        "--proxy-server=127.0.0.1:1", "--user-data-dir=\($profile)"]}}}}')"
  read -r browser_session chromium_pid < <(curl --silent --max-time 60 --data "${options}" \
    "${browser_url}/session" | jq --raw-output \
    '.value | "\(.sessionId // "") \(.capabilities["goog:processID"] // "")"')
  [[ -n "${browser_session}" ]] || { cat "${browser_log}" && stop_browser && return 1; }
  export browser_pid browser_url browser_session chromium_pid
}

# Ends both, also where one of them hangs.
stop_browser() {
  local pid waited
  if [[ -n "${browser_session:-}" ]]; then
    curl --silent --max-time 5 --request DELETE "${browser_url}/session/${browser_session}" \
      >/dev/null || true
  fi
  for pid in ${chromium_pid:-} ${browser_pid:-}; do
    for ((waited = 0; waited < 30; ++waited)); do
      if ! kill "${pid}" 2>/dev/null; then break; fi
      sleep 0.1
    done
    kill -KILL "${pid}" 2>/dev/null || true
  done
}

# Prints the value of the reply, or what the browser says is wrong.
webdriver() { # PATH JSON
  curl --silent --max-time 30 --header 'Content-Type: application/json' --data-binary @- \
    "${browser_url}/session/${browser_session}/$1" <<<"$2" |
    jq --compact-output '.value | if type == "object" and has("error") then
      "\(.error): \(.message)\n" | halt_error(1) else . end'
}

open_page() { # FILE
  webdriver url "$(jq --null-input --arg url "file://$(readlink --canonicalize "$1")" '{url: $url}')" >/dev/null
}

in_page() { # SCRIPT
  webdriver execute/sync "$(jq --null-input --arg script "$1" '{script: $script, args: []}')"
}

console_messages() {
  webdriver se/log '{"type": "browser"}' | jq --raw-output '.[].message'
}

find_in_page() { # SELECTOR
  webdriver element "$(jq --null-input --arg value "$1" '{using: "css selector", value: $value}')" |
    jq --raw-output '.[]'
}

click() { # SELECTOR
  click_at "$1" 0 0
}

click_at() { # SELECTOR X Y
  use_mouse "$@" '[{type: "pointerDown", button: 0}, {type: "pointerUp", button: 0}]'
}

point_at() { # SELECTOR X Y
  use_mouse "$@" '[]'
}

# Moves it, and does then what the program for jq says.
use_mouse() { # SELECTOR X Y ACTIONS
  local found
  found="$(find_in_page "$1")" || return
  webdriver actions "$(jq --null-input --arg id "${found}" --argjson x "$2" --argjson y "$3" "{actions: [
    {type: \"pointer\", id: \"mouse\", actions: ([
      {type: \"pointerMove\", x: \$x, y: \$y, origin: {\"element-6066-11e4-a52e-4f735466cecf\": \$id}}] + $4)}]}")" \
    >/dev/null
}

type_into() { # SELECTOR TEXT
  local found
  found="$(find_in_page "$1")" || return
  webdriver "element/${found}/value" "$(jq --null-input --arg text "$2" '{text: $text}')" >/dev/null
}

emulate() { # JSON
  webdriver goog/cdp/execute "$(jq --null-input --argjson params "$1" \
    '{cmd: "Emulation.setEmulatedMedia", params: $params}')" >/dev/null
}

resize() { # WIDTH HEIGHT
  webdriver goog/cdp/execute "$(jq --null-input --argjson width "$1" --argjson height "$2" \
    '{cmd: "Emulation.setDeviceMetricsOverride",
      params: {width: $width, height: $height, deviceScaleFactor: 1, mobile: false}}')" >/dev/null
}

save_picture() { # FILE
  curl --silent --max-time 60 "${browser_url}/session/${browser_session}/screenshot" |
    jq --raw-output --exit-status '.value | strings' | base64 --decode >"$1"
}

# What the role and the bounds of a row (see rows.jq) make of its metrics. Of metrics it knows by
# name only what every family has. Callers pass array elements that may not exist as element "":
# gawk 5.2.1 mixes up their values otherwise.

# Whether a metric is a contract for a row. A control promises no success, and its bounds are those
# that it is there to break; a measurement promises nothing.
function is_promised(role, bounds, metric, class_of_metric) {
  if (role == "safe") return class_of_metric == "contract" || is_bounded(role, bounds, metric)
  return role == "control" && class_of_metric == "contract" && metric != "success_rate"
}

function is_bounded(role, bounds, metric) {
  return role == "safe" && index(";" bounds, ";" metric " ") > 0
}

# Of a contract's values from LEAST to MOST the one that is worst. Sets breach to what the contract
# allows where that is beyond it, and to "" otherwise. A control is worst where it caught least.
function worst_of(role, bounds, metric, direction_of_metric, least, most,
                  count, bound, i, part, value, worst) {
  breach = ""
  if (role == "control" && metric == "violations") {
    if (least <= 0) breach = "the control caught nothing"
    return least
  }
  if (metric == "violations" && most > 0) {
    breach = "the contract allows none"
    return most
  }
  worst = direction_of_metric == "higher" ? least : most
  if (!is_bounded(role, bounds, metric)) return worst
  count = split(bounds, bound, ";")
  for (i = 1; i <= count; ++i) {
    split(bound[i], part, " ")
    if (part[1] != metric) continue
    value = worst_for(part[2], part[3], least, most)
    if (!holds(value, part[2], part[3])) {
      breach = "the contract allows " in_words(part[2]) " " part[3]
      return value
    }
    worst = value
  }
  return worst
}

# Of values from LEAST to MOST the one that a bound holds for least.
function worst_for(sign, number, least, most) {
  if (sign ~ /^>/) return least
  if (sign ~ /^</) return most
  return most == number + 0 ? least : most
}

function holds(value, sign, number) {
  number += 0
  if (sign == "<") return value < number
  if (sign == "<=") return value <= number
  if (sign == ">=") return value >= number
  if (sign == ">") return value > number
  return value == number
}

function in_words(sign) {
  return sign == "<=" ? "at most" : sign == ">=" ? "at least" : "exactly"
}

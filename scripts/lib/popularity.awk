# What theory says of a cache that holds some of its keys, whose popularity is Zipf's, as
# bench/eviction/theory.h does:
#
#   define_popularity(exponent, keys)   of what follows
#   hit_ratio_of(policy, held)          with so many keys held; policy: lru, random or bound
#   held_for(policy, ratio)             how many keys have to be held for it
#
# Keys whose popularity differs by less than 1 % are one class: there are at most a few thousand,
# however many keys there are.

function power(x, exponent) {
  return exp(exponent * log(x))
}

# The sum of i^-exponent for i from `from` to `to`, where they are far from 1, to 1e-6 of it.
function sum_of_powers(exponent, from, to,    low, high, t) {
  low = log(from - 0.5)
  high = log(to + 0.5)
  t = (1 - exponent) * (high - low)
  # The integral between, also for the exponent 1.
  if (t < 1e-9 && t > -1e-9) return (high - low) * exp((1 - exponent) * low)
  return exp((1 - exponent) * low) * (exp(t) - 1) / (1 - exponent)
}

function define_popularity(exponent, keys,    i, last, zeta) {
  class_count = 0
  zeta = 0
  key_count = keys
  for (i = 1; i <= keys; i = last + 1) {
    last = i
    if (i > 1000) last = int(i * (1 + 0.01 / (exponent > 1 ? exponent : 1)))
    if (last > keys) last = keys
    class_keys[++class_count] = last - i + 1
    class_mass[class_count] = last > i ? sum_of_powers(exponent, i, last) : power(i, -exponent)
    zeta += class_mass[class_count]
  }
  for (i = 1; i <= class_count; ++i) class_mass[i] /= zeta
}

# How much of a class is held, from 0 to 1, with that window.
function share_held(policy, class, window,    x) {
  x = class_mass[class] / class_keys[class] * window
  if (policy == "random") return x / (1 + x)
  if (x < 1e-6) return x - x * x / 2
  return x > 700 ? 1 : 1 - exp(-x)
}

function keys_within(policy, window,    i, sum) {
  sum = 0
  for (i = 1; i <= class_count; ++i) sum += class_keys[i] * share_held(policy, i, window)
  return sum
}

function hits_within(policy, window,    i, sum) {
  sum = 0
  for (i = 1; i <= class_count; ++i) sum += class_mass[i] * share_held(policy, i, window)
  return sum
}

function bound_of(held,    i, sum, share) {
  sum = 0
  for (i = 1; i <= class_count && held > 0; ++i) {
    share = held < class_keys[i] ? held / class_keys[i] : 1
    sum += class_mass[i] * share
    held -= class_keys[i]
  }
  return sum > 1 ? 1 : sum
}

# Where a function of the window that grows, of keys or of hits, reaches `wanted`.
function window_of(policy, of_hits, wanted,    low, high, middle, value, i) {
  low = 0
  high = 1
  while (high < 1e20) {
    value = of_hits ? hits_within(policy, high) : keys_within(policy, high)
    if (value >= wanted) break
    high *= 2
  }
  for (i = 0; i < 50; ++i) {
    middle = (low + high) / 2
    value = of_hits ? hits_within(policy, middle) : keys_within(policy, middle)
    if (value < wanted) low = middle
    else high = middle
  }
  return high
}

function hit_ratio_of(policy, held) {
  if (held >= key_count) return 1
  if (policy == "bound") return bound_of(held)
  return hits_within(policy, window_of(policy, 0, held))
}

function held_for(policy, ratio,    i, sum, held) {
  if (policy != "bound") return keys_within(policy, window_of(policy, 1, ratio))
  for (i = 1; i <= class_count; ++i) {
    if (sum + class_mass[i] >= ratio) break
    sum += class_mass[i]
    held += class_keys[i]
  }
  return i > class_count ? key_count : held + class_keys[i] * (ratio - sum) / class_mass[i]
}

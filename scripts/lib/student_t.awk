# Student's t distribution, for awk -f. Needs no more than POSIX awk (mawk).

# The natural logarithm of the gamma function, x > 0: Stirling's series (Abramowitz and Stegun
# 6.1.41), here right to 13 digits.
function log_gamma(x,    shift, square, series) {
  shift = 0
  while (x < 10) shift += log(x++)
  square = 1 / (x * x)
  series = 1 / 1260 - square * (1 / 1680 - square / 1188)
  series = (1 / 12 - square * (1 / 360 - square * series)) / x
  return (x - 0.5) * log(x) - x + log(2 * 3.14159265358979323846) / 2 + series - shift
}

# The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's
# method. Converges in some ten steps if x < (a + 1) / (a + b + 2).
function beta_fraction(x, a, b,    step, numerator, c, d, change, fraction) {
  c = 1
  d = 1 / (1 - (a + b) * x / (a + 1))
  fraction = d
  for (step = 1; step <= 1000; step++) {
    numerator = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
    d = 1 / (1 + numerator * d)
    c = 1 + numerator / c
    fraction *= d * c
    numerator = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
    d = 1 / (1 + numerator * d)
    c = 1 + numerator / c
    change = d * c
    fraction *= change
    if (change > 1 - 1e-15 && change < 1 + 1e-15) break
  }
  return fraction
}

# The regularised incomplete beta function I_x(a, b). Takes y = 1 - x too, because near its ends x
# alone would have lost the digits that matter.
function incomplete_beta(x, y, a, b,    front) {
  if (x <= 0) return 0
  if (y <= 0) return 1
  front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log(y))
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a
  return 1 - front * beta_fraction(y, b, a) / b
}

# The probability that |T| >= |t| with df > 0 degrees of freedom (Abramowitz and Stegun 26.7.1).
function student_t_p(t, df) {
  return incomplete_beta(df / (df + t * t), t * t / (df + t * t), df / 2, 0.5)
}

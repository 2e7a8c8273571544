# Which benchmark is compared with which, after load.awk: fills pair_name, pair_old, pair_new (the
# numbers of benchmarks, 0 where a side lacks it) and pair_section [1..pairs], and
# alone[1..alone_count], the names of those that were meant to have a partner and have none.

# By equal names on the two sides.
function pair_commits(    bench) {
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    add_pair(name_of["bench", bench], processes_on(1, bench) ? bench : 0,
             processes_on(2, bench) ? bench : 0, "")
  }
}

# By names that are equal once what matches FIRST in the one and SECOND in the other is left out.
function pair_contrast(first, second,    a, b, key, matched, name, partnered) {
  for (a = 1; a <= ids["bench"]; ++a) {
    name = name_of["bench", a]
    if (!match(name, first) || RLENGTH == 0) continue
    key[a] = key_around_match(name)
    matched[a] = substr(name, RSTART, RLENGTH)
  }
  for (b = 1; b <= ids["bench"]; ++b) {
    name = name_of["bench", b]
    if (!match(name, second) || RLENGTH == 0) continue
    for (a = 1; a <= ids["bench"]; ++a) {
      if (a == b || !(a in key) || key[a] != key_around_match(name)) continue
      add_pair(pair_label(key[a], matched[a], substr(name, RSTART, RLENGTH)), a, b, "")
      partnered[a] = partnered[b] = 1
    }
    if (!(b in partnered) && !(b in key)) add_alone(b)
  }
  for (a = 1; a <= ids["bench"]; ++a) if ((a in key) && !(a in partnered)) add_alone(a)
}

# A name with the part that match() found left out.
function key_around_match(name) {
  return substr(name, 1, RSTART - 1) SUBSEP substr(name, RSTART + RLENGTH)
}

function pair_label(key, old, new,    part) {
  split(key, part, SUBSEP)
  return part[1] "{" old " -> " new "}" part[2]
}

# Every locking variant with every lock-free one of its family that has the same arguments; one that
# a variant lacks (a parameter of its technique) does not keep it from being compared.
function pair_disciplines(    a, b, partnered, discipline, name, other, arguments, part) {
  for (a = 1; a <= ids["bench"]; ++a) discipline[a] = discipline_of(name_of["bench", a])
  for (a = 1; a <= ids["bench"]; ++a) {
    if (discipline[a] != "locking") continue
    name = name_of["bench", a]
    split(name, part, "/")
    for (b = 1; b <= ids["bench"]; ++b) {
      other = name_of["bench", b]
      if (discipline[b] != "lockfree" || !same_arguments(name, other)) continue
      arguments = arguments_of(name)
      add_pair(part[1] "/{" variant_of(name) " -> " variant_of(other) "}" arguments \
               own_arguments(other, arguments), a, b, part[1] arguments)
      partnered[a] = partnered[b] = 1
    }
  }
  for (a = 1; a <= ids["bench"]; ++a) {
    if (discipline[a] ~ /^lock/ && !(a in partnered)) add_alone(a)
  }
}

function variant_of(name,    part) {
  split(name, part, "/")
  return part[2] "/" part[3]
}

function arguments_of(name) {
  sub("^[^/]*/[^/]*/[^/]*", "", name)
  return name
}

# The arguments of a name that a list of arguments lacks.
function own_arguments(name, arguments,    count, part, i, own) {
  count = split(name, part, "/")
  for (i = 4; i <= count; ++i) if (index(arguments "/", "/" part[i] "/") == 0) own = own "/" part[i]
  return own
}

# Whether two names are of one family and agree on the arguments that both have.
function same_arguments(a, b,    i, part, count, value) {
  count = split(a, part, "/")
  value["family"] = part[1]
  for (i = 4; i <= count; ++i) if (split(part[i], pair_, ":") == 2) value[pair_[1]] = pair_[2]
  count = split(b, part, "/")
  if (part[1] != value["family"]) return 0
  for (i = 4; i <= count; ++i) {
    if (split(part[i], pair_, ":") == 2 && (pair_[1] in value) && value[pair_[1]] != pair_[2]) {
      return 0
    }
  }
  return 1
}

function add_pair(name, old, new, section) {
  if (!old && !new) return
  pair_name[++pairs] = name
  pair_old[pairs] = old
  pair_new[pairs] = new
  pair_section[pairs] = section
}

function add_alone(bench) {
  alone[++alone_count] = name_of["bench", bench]
}

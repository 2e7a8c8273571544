# Reads an expression (RE in the environment) as the one dialect that all scripts take: POSIX
# extended regular expressions, as far as mawk, gawk and original-awk agree on them. Prints
#
#   fault  REASON        why it is none, and nothing else
#   part   ALTERNATIVE   how it reads where of each alternation only one side is left, for each
#                        side, so that each can be held to matching something; nothing for an
#                        expression without alternations
#
# Refused is what the three read in different ways or what POSIX leaves open: intervals, escapes
# before letters, empty sides of |, + * ? with nothing to repeat, and ^ and $ in the middle.

BEGIN {
  OFS = "\t"
  expression = ENVIRON["RE"]
  size = length(expression)
  if (expression ~ /[\t\n\r]/) refuse("a tab or a new line is in it")
  open_node(0)
  for (at = 1; at <= size; ++at) read_one()
  if (depth > 1) refuse("a ( has no )")
  close_side(size + 1)
  close_node()
  for (i = 1; i <= parts; ++i) print "part", restricted(part_node[i], part_side[i])
}

function refuse(reason) {
  print "fault", reason
  exit
}

function read_one(    sign) {
  sign = substr(expression, at, 1)
  if (sign == "\\") read_escape()
  else if (sign == "[") read_bracket()
  else if (sign == "{") {
    refuse("{ begins an interval, which not every awk knows: write out what repeats, or \\{ for " \
           "the sign itself")
  } else if (sign == "(") open_node(at)
  else if (sign == ")") read_end()
  else if (sign == "|") {
    close_side(at)
    open_side(at + 1)
  } else if (sign ~ /[*+?]/) {
    if (!is_repeatable) refuse(sign " has nothing to repeat")
    is_repeatable = 0
    return
  } else if (sign == "^") {
    if (at != side_from[node]) refuse("^ stands in the middle; write \\^ for the sign itself")
  } else if (sign == "$") {
    if (at < size && substr(expression, at + 1, 1) !~ /[|)]/) {
      refuse("$ stands in the middle; write \\$ for the sign itself")
    }
  }
  if (sign == "(" || sign == "|" || sign == "^" || sign == "$") is_repeatable = 0
  else is_repeatable = 1
}

function read_escape(    sign) {
  sign = substr(expression, ++at, 1)
  if (sign == "") refuse("a \\ stands at its end")
  if (index("./-[](){}*+?^$|\\", sign) == 0) {
    refuse("\\" sign " does not mean the same to every awk; only . / - [ ] ( ) { } * + ? ^ $ | " \
           "and \\ take a backslash")
  }
}

function read_bracket(    rest, class) {
  ++at
  if (substr(expression, at, 1) == "^") ++at
  if (substr(expression, at, 1) == "]") ++at
  for (; at <= size; ++at) {
    rest = substr(expression, at)
    if (rest ~ /^]/) return
    if (rest ~ /^\\/) refuse("a \\ stands in brackets, where not every awk reads it alike")
    if (rest ~ /^\[[.=]/) refuse("brackets hold [. or [=, which not every awk knows")
    if (rest ~ /^\[:/) {
      if (!match(rest, /^\[:(alpha|digit|alnum|upper|lower|space|blank|punct|print|graph|cntrl|xdigit):]/)) {
        refuse("brackets hold a [: that names no class")
      }
      at += RLENGTH - 1
    }
  }
  refuse("a [ has no ]")
}

function read_end() {
  if (depth == 1) refuse("a ) has no (")
  close_side(at)
  close_node()
}

# A node is what stands between parentheses, or all of it; a side is what stands between its |.
function open_node(from) {
  ++depth
  node = ++nodes
  node_parent[node] = stack[depth - 1]
  node_parent_side[node] = sides[node_parent[node]]
  stack[depth] = node
  node_from[node] = from + 1
  open_side(from + 1)
}

function open_side(from) {
  ++sides[node]
  side_from[node] = from
}

function close_side(to) {
  if (to == side_from[node] && size > 0) {
    refuse(depth > 1 || sides[node] > 1 || to <= size ? "a side of ( | ) is empty" : "it is empty")
  }
  side_start[node, sides[node]] = side_from[node]
  side_end[node, sides[node]] = to
  node_to[node] = to
}

function close_node(    i) {
  if (sides[node] > 1) {
    for (i = 1; i <= sides[node]; ++i) {
      part_node[++parts] = node
      part_side[parts] = i
    }
  }
  node = stack[--depth]
}

# The expression with one side of a node, and around it only the sides that hold the node.
function restricted(which, side,    text, from, to, cut, removed) {
  text = expression
  while (which) {
    from = side_start[which, side]
    to = side_end[which, side] - removed
    cut = node_to[which] - removed
    # What stands behind a side goes first, so that positions before it still hold.
    removed += cut - to + from - node_from[which]
    text = substr(text, 1, node_from[which] - 1) substr(text, from, to - from) substr(text, cut)
    side = node_parent_side[which]
    which = node_parent[which]
  }
  return text
}

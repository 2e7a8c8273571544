# What the programs for the page share; they include it.

# A name without what is the same for almost every benchmark, as the tables have it.
def short_name: split("/") | map(select(test("^(real_time|threads:1|iterations:.*)$") | not)) |
  join("/");

# Not more digits than anybody reads: the page is smaller by half.
def rounded: if . == 0 or (. | floor) == . and (. | fabs) < 1e6 then .
  else (. | fabs | log10 | floor) as $digits |
    if $digits >= 5 then round
    else pow(10; 5 - $digits) as $factor | (. * $factor | round) / $factor end
  end;

# Results as processes of the suite would write them, made up and the same every time, for tests
# (see fixture.sh): a document for each number in $processes, a row for each line of $variants.
# Processes differ by up to 2 % in noisy metrics, evenly and without ties.
#
# A row's role is what its name suggests; results of older suites, which declare none, are these
# after `del(.benchmarks[] | .role, .bounds, .evidence)`.

# In [0, 1), spread evenly over equal steps of either number.
def spread($a; $b): ($a * 0.6180339887498949 + $b * 0.7548776662466927) | . - floor;

def noisy($process; $value; $metric): $value * (0.98 + 0.04 * spread($process; $metric));

def role($name): ($name | split("/")[1]) as $second |
  {unsafe: "control", locking: "safe", lockfree: "safe"}[$second // ""] // "measurement";

def row($process; $index; $name): role($name) as $role | {
  name: "\($name)/real_time/threads:1",
  family_index: $index, per_family_instance_index: 0,
  run_name: "\($name)/real_time/threads:1",
  run_type: "iteration", repetitions: 1, repetition_index: 0, threads: 1,
  iterations: (1000 + $process),
  real_time: noisy($process; 5000; 20 * $index + 1),
  cpu_time: noisy($process; 4000; 20 * $index + 2), time_unit: "ns",
  errors: 0, items_per_second: noisy($process; 200000; 20 * $index + 3),
  p50_us: noisy($process; 50; 20 * $index + 4), p95_us: noisy($process; 90; 20 * $index + 5),
  success_rate: 1, timeouts: 0,
  violations: (if $role == "control" then 100 + $process else 0 end),
  label: "no update lost", role: $role, bounds: [], evidence: "made up"
};

$processes[] as $process |
{
  context: {
    date: "2026-01-01T00:00:00+00:00", seed: "\($process)", host_name: "machine", num_cpus: 2,
    cpu_model: "processor", commit: "0123456789ab", google_benchmark_version: "1.7.1",
    rcb_schema_version: "1", server_name: "redis", server_version: "7.0.15", transport: "tcp"
  },
  benchmarks: [$variants / "\n" | range(length) as $index | row($process; $index; .[$index])]
}

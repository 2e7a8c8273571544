// What a family declares of each of its variants.

#ifndef RCB_COMMON_HARNESS_SPEC_H_
#define RCB_COMMON_HARNESS_SPEC_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/harness/residue.h"
#include "common/harness/scenario.h"
#include "common/report/contract.h"
#include "common/server/deployment/deployment.h"
#include "common/server/split_network.h"

namespace rcb {

// How the workers of a family are set going, and what an iteration is.
enum class Shape {
  kSteady,  // each worker does operation after operation; an iteration is an operation
  kRounds,  // all workers are released at once on a fresh key; an iteration is such a round
  kEpochs,  // open-loop operations until enough epochs have passed; an iteration is an epoch
};

// What a variant needs of servers, connections and the record.
struct Requirements {
  bool subscriber = false;  // each worker has a second connection, for messages
  int quorum_nodes = 0;     // independent servers of ours, besides the one under test
  // More clients than this are refused: it runs on a server of ours that is started for it, and its
  // operations open the shared connections themselves. 0: on the server under test.
  int max_clients = 0;
  // A worker's own connection: the harness opens it, heals it between operations, and counts its
  // loss as an error; or the operations open and close it; or they use none. In the latter two
  // cases only the first and last of each thread are open at first, for the PINGs of the harness.
  enum class Own { kHealed, kByOperations, kNone };
  Own own_connections = Own::kHealed;
  // Connections besides that the workers share: see Worker::shared. They are dealt to the threads,
  // for each belongs to one loop, and there are no rows where a thread gets too few.
  int shared_connections = 0;
  int min_shared_of_thread = 1;
  bool history = true;  // the checker reads the record of operations
  // Settings that its server must have: it runs on one of ours that was started with them, or on
  // the user's server if that has no keys and --allow_config_changes is given. What a scenario
  // itself sets later is among them, so that it is put back.
  Settings settings;
  bool evicts = false;   // the server is to evict keys, which is no loss of data here
  bool flushes = false;  // the scenario flushes it, which is no loss of data here either
  // It runs on a server of ours that is started for such rows, whatever --redis says: what it does
  // to a server must not be done to another's.
  bool own_server = false;
  // The same with a primary, two replicas and three Sentinels of ours, which are the server under
  // test (nodes of a quorum are others), and what cuts the first primary off from the others there.
  bool replicated = false;
  Partitions partitions = Partitions::kAuto;
  // The scenario breaks servers of ours, by RunPlan::deployment. That they lose data and
  // connections is what it judges, and makes nothing void.
  bool breaks_servers = false;
  // The workers reach that server through a proxy, which is RunPlan::proxy and spoils nothing at
  // first. Nodes are reached straight.
  bool proxy = false;
  // What it sends, also from within scripts, such as {"GET", "EVAL"}. Each is tried before anything
  // is measured: see Rights.
  std::vector<std::string> commands;
  // The names of its keys after the prefix of a run, with "{worker}" and "{round}" for each of
  // their numbers. Empty: not known beforehand, so that only SCAN finds them.
  std::vector<std::string> keys;
};

// The least time of an operation: so many round trips, and the computation.
struct Floor {
  double round_trips = 0;
  double compute_ms = 0;
  // The fewest requests that an operation sends, pipelines counted as one, as the code has it; each
  // run is held to it. 0: it varies too much to say.
  int64_t requests = 0;
  // With a computation that keeps the thread busy, the workers of a thread compute in turn.
  bool computes_in_turn = false;
};

// What clients that misbehave can do to the others, by contract: it is tried behind the timed
// region of each safe row, and of each control that says more than nothing here, and judged like
// the rest. Requests are late and pipelines arrive in parts in any case. See Trial.
struct TrialContract {
  enum class Death { kNotTried, kOthersGoOn, kOthersLockedOut };

  bool is_tried = true;            // false: nothing is, for workers misbehave in the timed run
  Death death = Death::kNotTried;  // what follows where a holder dies
  double recovery_leases = 1;      // the others wait for at most so many leases then
  bool stalls = false;             // a holder may stay for longer than its lease,
  double stall_leases = 1.5;       // for so many of them
  bool asks_slowly = false;        // an attempt to hold may take longer than a lease
  int requests_while_holding = 3;  // from Worker::Holds to the end of the operation
  int operations = 1;              // that each client of a burst does
};

// One variant, to be registered for each number of workers and threads.
struct BenchmarkSpec {
  // There is no default for what a row is: a spec without it does not compile.
  BenchmarkSpec(std::string spec_name, Role spec_role, Contract spec_contract)
      : name(std::move(spec_name)), role(spec_role), contract(std::move(spec_contract)) {}

  std::string name;  // "Family/discipline/variant", a literal of the family's source
  Role role;
  Contract contract;  // a control states the one that it breaks
  Shape shape = Shape::kSteady;
  std::vector<int64_t> workers = {10, 50, 100, 500};  // unless --workers says otherwise
  int64_t min_workers = 1;                            // there are no rows with fewer
  std::vector<std::pair<std::string, int64_t>> args;  // further arguments of the name
  int64_t rounds = 0;                                 // rounds or epochs of a run
  double rate_per_second = 0;  // epochs: arrivals, unless --rate says otherwise
  // Steady: a run lasts that long, also where --benchmark_min_time is less. For operations of which
  // some take so long that a shorter run would be as chance has it.
  double min_run_s = 0;
  Floor floor;
  TrialContract trial;
  Residue residue;
  Requirements needs;
  // Names for the kinds of operation, such as {"get", "transfer"}; Worker::op_class is an index
  // into them, and each gets a counter "<name>_p95_us". Empty: all operations are of one kind.
  std::vector<std::string> op_classes;
  // Each class gets "_p50_us", "_p99_us", "_per_second" and "_success_rate" as well.
  bool tells_classes_apart = false;
  std::function<std::unique_ptr<Scenario>(const RunPlan& plan)> make;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_SPEC_H_

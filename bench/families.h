// The families of this suite. A new one needs two lines here: its function, and its place in the
// table.

#ifndef RCB_BENCH_FAMILIES_H_
#define RCB_BENCH_FAMILIES_H_

#include <vector>

#include "common/harness/family.h"

namespace rcb {

Family ChaosFamily();
Family ColdFamily();
Family CounterFamily();
Family DurabilityFamily();
Family CrashFamily();
Family EvictionFamily();
Family FailoverFamily();
Family HarnessFamily();  // what the suite itself costs
Family InvalidationFamily();
Family LockFamily();
Family LostReplyFamily();
Family MixedFamily();
Family OutageFamily();
Family PoolFamily();
Family StampedeExpiryFamily();
Family StampedeFamily();
Family StallFamily();
Family TransactionFamily();

// All of them, in the order of the table.
inline std::vector<Family> AllFamilies() {
  return {
      HarnessFamily(),         //
      CounterFamily(),         //
      StampedeFamily(),        //
      StampedeExpiryFamily(),  //
      InvalidationFamily(),    //
      EvictionFamily(),        //
      LockFamily(),            //
      PoolFamily(),            //
      TransactionFamily(),     //
      MixedFamily(),           //
      DurabilityFamily(),      //
      FailoverFamily(),        //
      CrashFamily(),           //
      StallFamily(),           //
      LostReplyFamily(),       //
      OutageFamily(),          //
      ColdFamily(),            //
      ChaosFamily(),           //
  };
}

}  // namespace rcb

#endif  // RCB_BENCH_FAMILIES_H_

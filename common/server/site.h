// Where in the network a server of ours is.

#ifndef RCB_COMMON_SERVER_SITE_H_
#define RCB_COMMON_SERVER_SITE_H_

#include <string>

namespace rcb {

struct Site {
  int space = -1;  // an open descriptor of its network namespace, which outlives it; -1: ours
  std::string address = "127.0.0.1";  // that it listens at, and at which we reach it
  std::string other_address = {};     // that it listens at too; empty: none
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_SITE_H_

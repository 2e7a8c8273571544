// Several private servers that know nothing of each other: the nodes of a quorum.

#ifndef RCB_COMMON_SERVER_NODE_GROUP_H_
#define RCB_COMMON_SERVER_NODE_GROUP_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/redis/uri.h"
#include "common/server/private_server.h"

namespace rcb {

// Belongs to the main thread, as its servers do. They stop with the group.
class NodeGroup {
 public:
  // `binary`, `is_cancelled`: as in TargetOptions.
  NodeGroup(const std::string& binary, std::function<bool()> is_cancelled)
      : binary_(binary), is_cancelled_(std::move(is_cancelled)) {}

  // Makes sure that `count` nodes answer, each with room for `max_clients`: starts those that lack,
  // and replaces those that are dead, silent for 2 s or too small.
  absl::Status Ensure(int count, int max_clients);

  std::vector<Endpoint> endpoints() const;  // TCP
  // Null where a node could not be started.
  PrivateServer* node(int index) { return nodes_[static_cast<size_t>(index)].get(); }
  // Grows whenever a node is replaced, which has then forgotten everything.
  int generation() const { return generation_; }

 private:
  bool Answers(PrivateServer* node, int max_clients) const;

  const std::string binary_;
  const std::function<bool()> is_cancelled_;
  std::vector<std::unique_ptr<PrivateServer>> nodes_;
  int generation_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_NODE_GROUP_H_

// What this user may do on this server, found out by doing it: each command once, on keys and
// channels of ours.

#ifndef RCB_COMMON_SERVER_RIGHTS_H_
#define RCB_COMMON_SERVER_RIGHTS_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/redis/blocking_client.h"
#include "common/redis/uri.h"

namespace rcb {

// Not thread-safe. Connects when it is first asked.
class Rights {
 public:
  // `key_prefix` begins the names of keys and channels that are tried, and `library_name` is that
  // of the functions; both are ours.
  Rights(const Endpoint& endpoint, const std::string& key_prefix, const std::string& library_name,
         std::function<bool()> is_cancelled);

  // Why the first of `commands` that cannot be run cannot, in the server's words; empty where all
  // can. Each is the name of a command, such as "LMOVE"; FCALL stands for loading and deleting
  // functions too, CLIENT for client-side caching, and SET.IFEQ for that option of SET. Aborts on a
  // command that it has no example of.
  std::string WhyNot(const std::vector<std::string>& commands);
  // The keys that it uses for that, and deletes again if nothing comes between.
  std::vector<std::string> Keys() const;

 private:
  std::string Try(const std::string& command);
  absl::Status Connect();
  absl::Status Send(const std::string& request);
  std::string Expand(const std::string& word) const;
  void DeleteKeys();

  const Endpoint endpoint_;
  const std::string key_prefix_;
  const std::string library_name_;
  const std::function<bool()> is_cancelled_;
  std::optional<BlockingClient> client_;
  std::map<std::string, std::string> why_not_;  // by command; empty: it can be run
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_RIGHTS_H_

#include "common/redis/primary_watch.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

constexpr int64_t kAskTimeoutNs = 2'000'000'000;
constexpr char kAnnouncements[] = "+switch-master";

}  // namespace

PrimaryWatch::PrimaryWatch(Loop& loop, std::vector<ConnectionOptions> sentinels, std::string name)
    : loop_(loop), sentinels_(std::move(sentinels)), name_(std::move(name)) {
  for (size_t i = 0; i < sentinels_.size(); ++i) {
    subscribers_.push_back(std::make_unique<Subscriber>(loop, sentinels_[i], digests_, i));
    subscribers_.back()->set_on_message([this](absl::StatusOr<Reply> push) {
      if (push.ok()) OnAnnouncement((*push)[2].text());
    });
    askers_.push_back(std::make_unique<Connection>(loop, sentinels_[i], digests_, i));
  }
}

PrimaryWatch::~PrimaryWatch() {
  for (auto& subscriber : subscribers_) subscriber->set_on_message(nullptr);
}

Task<absl::Status> PrimaryWatch::Listen() {
  if (is_listening_) co_return absl::OkStatus();
  co_await once_.Do("listen", loop_, NowNs() + kAskTimeoutNs, ListenToAll());
  co_return absl::OkStatus();
}

Task<absl::StatusOr<int64_t>> PrimaryWatch::ListenToAll() {
  int64_t reached = 0;
  absl::Status status;
  for (auto& subscriber : subscribers_) {
    status = co_await Try(subscriber->Subscribe(kAnnouncements));
    reached += status.ok() ? 1 : 0;
  }
  if (reached == 0) co_return status;
  co_await Ask();
  is_listening_ = true;
  co_return reached;
}

// A Sentinel that is silent is tried no further in this round.
Task<absl::StatusOr<int64_t>> PrimaryWatch::Ask() {
  const Command question("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name_);
  absl::Status status = absl::NotFoundError(absl::StrCat("no Sentinel knows '", name_, "'"));
  for (auto& asker : askers_) {
    if (!asker->connected()) {
      const absl::Status connected = co_await Try(asker->ConnectOnce());
      if (!connected.ok()) {
        status = connected;
        continue;
      }
    }
    const absl::StatusOr<Reply> answer = co_await Try(asker->Run(question));
    if (!answer.ok()) {
      status = answer.status();
    } else if (answer->elements().size() == 2) {
      co_return SetPrimary((*answer)[0].text(), (*answer)[1].text());
    }
  }
  co_return status;
}

absl::StatusOr<int64_t> PrimaryWatch::SetPrimary(const std::string& host, const std::string& port) {
  Endpoint endpoint;
  endpoint.host = host;
  if (!absl::SimpleAtoi(port, &endpoint.port)) {
    return absl::DataLossError(absl::StrCat("a Sentinel names port '", port, "'"));
  }
  const absl::StatusOr<Address> address = Resolve(endpoint);  // a number: nobody is asked
  if (!address.ok()) return address.status();
  primary_ = *address;
  primary_.resets = true;  // it is left as soon as there is another, and may be cut off by then
  place_ = absl::StrCat(host, ":", port);
  if (!known_.empty() && known_ != place_ && announced_ns_ == 0) announced_ns_ = NowNs();
  known_ = place_;
  return 1;
}

// "<name> <old host> <old port> <new host> <new port>"
void PrimaryWatch::OnAnnouncement(const std::string& message) {
  const std::vector<std::string> words = absl::StrSplit(message, ' ');
  if (words.size() != 5 || words[0] != name_) return;
  if (!SetPrimary(words[3], words[4]).ok()) return;
  std::vector<Connection*> elsewhere;
  for (const auto& [connection, place] : places_) {
    if (place != place_) elsewhere.push_back(connection);
  }
  for (Connection* const connection : elsewhere) connection->Close();  // may connect it again
}

void PrimaryWatch::Follow(Connection& connection) { places_[&connection] = place_; }

Task<absl::Status> PrimaryWatch::Connect(Connection& connection) {
  if (place_.empty()) co_await once_.Do("ask", loop_, NowNs() + kAskTimeoutNs, Ask());
  const std::string place = place_;
  connection.set_address(primary_);
  Follow(connection);
  static const Command kRole("ROLE");
  absl::Status status = co_await Try(connection.ConnectOnce());
  if (status.ok()) {
    const absl::StatusOr<Reply> role = co_await Try(connection.Run(kRole));
    status = role.status();
    if (status.ok() && (*role)[0].text() != "master") {
      status = absl::UnavailableError(absl::StrCat(place, " is no primary any more"));
    }
  }
  if (status.ok()) co_return status;
  connection.Close();
  if (place == place_) place_.clear();  // is asked for again
  co_return status;
}

}  // namespace rcb

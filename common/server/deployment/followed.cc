#include "common/server/deployment/followed.h"

#include <chrono>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kAnswerTimeoutMs = 1000;
constexpr milliseconds kPollInterval{200};
// At the start somebody waits for an answer.
constexpr int64_t kStartLimitMs = 5'000;
// By default Sentinels take half a minute to find a primary dead.
constexpr int64_t kFailoverLimitMs = 60'000;

// Whether it may be because a failover is under way.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status) || IsLoading(status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FollowedDeployment>> FollowedDeployment::Open(
    const DeploymentOptions& options, const Identity& identity) {
  const absl::StatusOr<SentinelUri> sentinels =
      ParseSentinelUri(options.redis_uri, options.password_from_environment);
  if (!sentinels.ok()) return sentinels.status();
  std::unique_ptr<FollowedDeployment> deployment(
      new FollowedDeployment(options, identity, *sentinels));
  // What the Sentinels can't say at once, they won't say later.
  const absl::Status told = deployment->FindNewest().status();
  if (!told.ok()) return deployment->Attribute(told);
  const absl::Status found = deployment->Await(kStartLimitMs);
  if (!found.ok()) return found;
  deployment->watch_ = std::make_unique<FailoverWatch>(*sentinels, deployment->place_);
  return deployment;
}

FollowedDeployment::FollowedDeployment(const DeploymentOptions& options, const Identity& identity,
                                       const SentinelUri& sentinels)
    : ForeignDeployment(options, identity, sentinels.ToString()),
      sentinels_(sentinels),
      finder_(sentinels, kAnswerTimeoutMs, options.is_cancelled) {}

FollowedDeployment::~FollowedDeployment() { FollowedDeployment::CleanUp().IgnoreError(); }

absl::Status FollowedDeployment::EnsureAlive() { return Await(kFailoverLimitMs); }

void FollowedDeployment::LookForFailover() { Await(kFailoverLimitMs).IgnoreError(); }

// A primary that did not come the last time is not waited for as long again.
absl::Status FollowedDeployment::Await(int64_t limit_ms) {
  const milliseconds limit(has_given_up_ ? kStartLimitMs : limit_ms);
  const steady_clock::time_point deadline = steady_clock::now() + limit;
  for (;;) {
    const absl::Status followed = Follow();
    has_given_up_ = !followed.ok() && steady_clock::now() >= deadline;
    if (followed.ok()) return followed;
    if (has_given_up_ || (place_.host.empty() && !MayPass(followed))) return Attribute(followed);
    if (options().is_cancelled && options().is_cancelled()) {
      return absl::CancelledError("cancelled");
    }
    finder_.AskAnotherFirst();
    std::this_thread::sleep_for(kPollInterval);
  }
}

absl::Status FollowedDeployment::Follow() {
  const absl::StatusOr<PrimaryPlace> place = FindNewest();
  if (!place.ok()) return place.status();
  const bool is_new = Supersedes(*place, place_);
  const Endpoint before = endpoint();
  const Endpoint there = is_new ? EndpointAt(*place) : before;
  absl::Status status = CheckIsPrimary(there);
  if (status.ok()) status = is_new ? MoveTo(there) : LookOnce();
  if (!status.ok() || !is_new) return status;
  if (!place_.host.empty()) NoteFailover(before, there);
  place_ = *place;
  if (watch_ != nullptr) watch_->SetKnown(place_);
  return status;
}

// Where the Sentinels are silent, the primary that we know may well do without them.
absl::StatusOr<PrimaryPlace> FollowedDeployment::FindNewest() {
  const absl::StatusOr<PrimaryPlace> told = finder_.Ask();
  PrimaryPlace newest = place_;
  if (told.ok() && Supersedes(*told, newest)) newest = *told;
  if (watch_ != nullptr && Supersedes(watch_->newest(), newest)) newest = watch_->newest();
  if (newest.host.empty()) return told.status();
  return newest;
}

Endpoint FollowedDeployment::EndpointAt(const PrimaryPlace& place) const {
  Endpoint endpoint = sentinels_.login;
  endpoint.host = place.host;
  endpoint.port = place.port;
  return endpoint;
}

// A user who may not ask for the role learns from INFO or HELLO.
absl::Status FollowedDeployment::CheckIsPrimary(const Endpoint& endpoint) {
  absl::StatusOr<BlockingClient> client = ConnectTo(endpoint);
  if (!client.ok()) {
    return absl::Status(client.status().code(), absl::StrCat(client.status().message(),
                                                             " (the Sentinels name this address)"));
  }
  const absl::StatusOr<Reply> answer = client->Command({"ROLE"});
  std::string role = answer.ok() ? (*answer)[0].text() : "";
  if (!answer.ok()) {
    if (!IsRefusal(answer.status().message())) return answer.status();
    const absl::StatusOr<ServerFacts> facts = FetchServerFacts(*client);
    if (!facts.ok()) return facts.status();
    role = facts->role;
  }
  if (role.empty() || role == "master" || role == "primary") return absl::OkStatus();
  return absl::AbortedError(absl::StrCat(endpoint.ToString(),
                                         ", which the Sentinels name, is no primary but a ", role,
                                         "; wait until they have failed over"));
}

void FollowedDeployment::NoteFailover(const Endpoint& from, const Endpoint& to) {
  ++failovers_.count;
  const bool is_back = from.ToString() == to.ToString();
  failovers_.last = absl::StrCat("the Sentinels failed over from ", from.ToString(), " to ",
                                 is_back ? "another primary, and back" : to.ToString());
}

// A primary that was replaced lets us delete for some seconds more, until the Sentinels demote it,
// while the new one keeps the keys; after that it lets us no longer.
absl::Status FollowedDeployment::CleanUp() {
  const PrimaryPlace newest = watch_ == nullptr ? place_ : watch_->newest();
  if (Supersedes(newest, place_)) {
    place_ = newest;
    Point(EndpointAt(place_));
  }
  return ForeignDeployment::CleanUp();
}

}  // namespace rcb

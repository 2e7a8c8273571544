#include "common/redis/primary_finder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

// The address is asked for again after the epoch, as long as there was a failover between the two.
constexpr int kMaxLooks = 3;

bool IsSilence(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

bool HaveSameAddress(const PrimaryPlace& a, const PrimaryPlace& b) {
  return a.host == b.host && a.port == b.port;
}

// Not every user may ask for it.
int64_t EpochIn(const absl::StatusOr<Reply>& fields) {
  int64_t epoch = -1;
  const bool is_told = fields.ok() && absl::SimpleAtoi(FieldOf(*fields, "config-epoch"), &epoch);
  return is_told ? epoch : -1;
}

}  // namespace

bool Supersedes(const PrimaryPlace& next, const PrimaryPlace& known) {
  if (next.host.empty() || known.host.empty()) return !next.host.empty();
  const bool are_dated = next.epoch >= 0 && known.epoch >= 0;
  if (are_dated && next.epoch != known.epoch) return next.epoch > known.epoch;
  return !HaveSameAddress(next, known);
}

PrimaryFinder::PrimaryFinder(SentinelUri uri, int timeout_ms, std::function<bool()> is_cancelled)
    : uri_(std::move(uri)), timeout_ms_(timeout_ms), is_cancelled_(std::move(is_cancelled)) {}

absl::StatusOr<PrimaryPlace> PrimaryFinder::Ask() {
  absl::Status failure;
  for (size_t asked = 0; asked < uri_.sentinels.size(); ++asked) {
    const absl::StatusOr<PrimaryPlace> place = AskFirst();
    if (place.ok()) {
      if (Supersedes(*place, newest_)) newest_ = *place;
      return newest_;
    }
    if (absl::IsCancelled(place.status())) return place.status();
    // One that answers says more than those that do not.
    if (failure.ok() || IsSilence(failure)) failure = place.status();
    AskAnotherFirst();
  }
  if (uri_.sentinels.size() == 1 || !IsSilence(failure)) return failure;
  return absl::Status(failure.code(),
                      absl::StrCat(failure.message(), " (none of ", uri_.sentinels.size(),
                                   " Sentinels answers; this is of the last one)"));
}

void PrimaryFinder::AskAnotherFirst() {
  client_.reset();
  std::rotate(uri_.sentinels.begin(), uri_.sentinels.begin() + 1, uri_.sentinels.end());
}

absl::StatusOr<PrimaryPlace> PrimaryFinder::AskFirst() {
  absl::StatusOr<PrimaryPlace> place = Query();
  const absl::Status& status = place.status();
  const bool lets_in = !absl::IsUnauthenticated(status) && !IsRefusal(status.message());
  Endpoint& sentinel = uri_.sentinels.front();
  if (lets_in || uri_.login.password.empty() || !sentinel.password.empty()) return place;
  sentinel.user = uri_.login.user;
  sentinel.password = uri_.login.password;
  return Query();
}

absl::StatusOr<PrimaryPlace> PrimaryFinder::Query() {
  if (!client_) {
    absl::StatusOr<BlockingClient> client =
        BlockingClient::Connect(uri_.sentinels.front(), timeout_ms_, is_cancelled_);
    if (!client.ok()) return client.status();
    client_.emplace(*std::move(client));
  }
  absl::StatusOr<PrimaryPlace> place = QueryAddress(*client_);
  for (int look = 1; place.ok() && look <= kMaxLooks; ++look) {
    const int64_t epoch = EpochIn(client_->Command({"SENTINEL", "MASTER", uri_.primary_name}));
    const absl::StatusOr<PrimaryPlace> again = QueryAddress(*client_);
    const bool is_settled = again.ok() && HaveSameAddress(*again, *place);
    place = again;
    if (!is_settled) continue;
    place->epoch = epoch;
    break;
  }
  if (!place.ok()) client_.reset();
  return place;
}

absl::StatusOr<PrimaryPlace> PrimaryFinder::QueryAddress(BlockingClient& client) const {
  const absl::StatusOr<Reply> answer =
      client.Command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", uri_.primary_name});
  const std::string sentinel = uri_.sentinels.front().ToString();
  if (absl::StrContains(answer.status().message(), "unknown command")) {
    return absl::FailedPreconditionError(
        absl::StrCat(sentinel, " is no Sentinel; name the Sentinels, or the server by redis://"));
  }
  if (!answer.ok()) return answer.status();
  PrimaryPlace place;
  if (answer->size() != 2) {
    return absl::NotFoundError(absl::StrCat("the Sentinel ", sentinel, " knows no primary '",
                                            uri_.primary_name,
                                            "'; SENTINEL MASTERS shows those that it knows"));
  }
  place.host = (*answer)[0].text();
  if (place.host.empty() || !absl::SimpleAtoi((*answer)[1].text(), &place.port)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the Sentinel ", sentinel, " names no address of the primary"));
  }
  return place;
}

}  // namespace rcb

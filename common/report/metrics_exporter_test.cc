#include "common/report/metrics_exporter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// A socket on the loopback; closed with it.
class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    place_.sin_family = AF_INET;
    place_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(fd_); }

  int fd() const { return fd_; }
  // Listens on a port that nobody uses, and yields it.
  int Listen() {
    socklen_t size = sizeof(place_);
    EXPECT_EQ(bind(fd_, Place(), size), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    EXPECT_EQ(getsockname(fd_, Place(), &size), 0);
    return ntohs(place_.sin_port);
  }
  bool Connect(int port) {
    place_.sin_port = htons(static_cast<uint16_t>(port));
    return connect(fd_, Place(), sizeof(place_)) == 0;
  }

 private:
  sockaddr* Place() { return reinterpret_cast<sockaddr*>(&place_); }

  int fd_;
  sockaddr_in place_ = {};
};

int FreePort() { return Socket().Listen(); }

// The lines of what it answers.
std::vector<std::string> Scrape(int port) {
  Socket socket;
  EXPECT_TRUE(socket.Connect(port));
  const std::string request = "GET /metrics HTTP/1.0\r\n\r\n";
  EXPECT_EQ(write(socket.fd(), request.data(), request.size()),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  char piece[4096];
  for (ssize_t size; (size = read(socket.fd(), piece, sizeof(piece))) > 0;) {
    answer.append(piece, static_cast<size_t>(size));
  }
  return absl::StrSplit(answer, '\n');
}

TEST(MetricsExporterTest, TellsWhatItHeardOfEachRow) {
  const int port = FreePort();
  auto exporter = MetricsExporter::Listen("127.0.0.1", port);
  ASSERT_TRUE(exporter.ok()) << exporter.status();
  const std::string row = "Counter/lockfree/incr/workers:5/real_time/threads:1";
  (*exporter)->OnMark({row, 0, "run", "", {}});
  const std::string labels =
      R"({discipline="lockfree",family="Counter",variant="incr",workers="5")";
  EXPECT_THAT(Scrape(port), Contains("rcb_operations_total" + labels + "} 0"));

  Interval interval;
  interval.row = row;
  interval.counts = {/*operations=*/4, /*errors=*/1, /*computations=*/2};
  for (const int64_t us : {5, 70, 90, 1200, 200'000'000}) interval.latency.Record(us * 1000);
  (*exporter)->OnInterval(interval);
  (*exporter)->OnInterval(interval);
  (*exporter)->OnMark({row, 0, "judged", "", 3});
  (*exporter)->OnMark({row, 0, "run", "", 3});
  (*exporter)->OnMark({row, 0, "judged", "", 5});
  EXPECT_THAT(Scrape(port),
              AllOf(Contains("rcb_operations_total" + labels + "} 8"),
                    Contains("rcb_errors_total" + labels + "} 2"),
                    Contains("rcb_computations_total" + labels + "} 4"),
                    Contains("rcb_violations_total" + labels + "} 5"),
                    Contains("rcb_latency_seconds_bucket" + labels + R"(,le="1e-05"} 2)"),
                    Contains("rcb_latency_seconds_bucket" + labels + R"(,le="5e-05"} 2)"),
                    Contains("rcb_latency_seconds_bucket" + labels + R"(,le="0.0001"} 6)"),
                    Contains("rcb_latency_seconds_bucket" + labels + R"(,le="0.05"} 8)"),
                    Contains("rcb_latency_seconds_bucket" + labels + R"(,le="100"} 8)"),
                    Contains("rcb_latency_seconds_bucket" + labels + R"(,le="+Inf"} 10)"),
                    Contains("rcb_latency_seconds_count" + labels + "} 10")));
}

TEST(MetricsExporterTest, ArgumentsTellRowsApart) {
  const int port = FreePort();
  auto exporter = MetricsExporter::Listen("127.0.0.1", port);
  ASSERT_TRUE(exporter.ok()) << exporter.status();
  (*exporter)->OnMark(
      {"A/b/c/workers:5/beta_pct:50/iterations:3/real_time/threads:2", 0, "run", "", {}});
  (*exporter)->OnMark({"A/b/c/workers:5/beta_pct:100/real_time/threads:1", 0, "run", "", {}});
  EXPECT_THAT(Scrape(port), AllOf(Contains(HasSubstr(R"({arguments="beta_pct:50/threads:2",)")),
                                  Contains(HasSubstr(R"({arguments="beta_pct:100",)"))));
}

TEST(MetricsExporterTest, SaysWhyItCannotListen) {
  Socket other;
  const int port = other.Listen();
  const auto taken = MetricsExporter::Listen("127.0.0.1", port);
  EXPECT_EQ(taken.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(taken.status().message(),
            absl::StrCat("--metrics_port=", port, ": nothing can listen on 127.0.0.1:", port,
                         ": Address already in use"));
  EXPECT_THAT(std::string(MetricsExporter::Listen("localhost", FreePort()).status().message()),
              HasSubstr("not a numeric IPv4 address"));
  // It belongs to nobody: TEST-NET-1.
  EXPECT_THAT(std::string(MetricsExporter::Listen("192.0.2.1", FreePort()).status().message()),
              HasSubstr("Cannot assign requested address"));
}

TEST(MetricsExporterTest, ThePortIsFreeAgainAfterwards) {
  const int port = FreePort();
  for (int i = 0; i < 2; ++i) {
    const auto exporter = MetricsExporter::Listen("127.0.0.1", port);
    EXPECT_TRUE(exporter.ok()) << exporter.status();
  }
  EXPECT_FALSE(Socket().Connect(port));
}

}  // namespace
}  // namespace rcb

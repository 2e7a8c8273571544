#include "common/history/form_reader.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/history/notation.h"

namespace rcb {
namespace {

constexpr int kEnd = -1;
constexpr size_t kBufferBytes = 256 << 10;
constexpr char kCutOff[] = "the file ends inside an operation: it is cut off";

bool IsBlank(int c) { return c == ' ' || c == ',' || (c >= '\t' && c <= '\r'); }

}  // namespace

absl::StatusOr<std::unique_ptr<FormReader>> FormReader::Open(const std::string& path) {
  struct stat facts = {};
  if (stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a directory"));
  }
  errno = 0;
  gzFile file = gzopen(path.c_str(), "rbe");
  if (file == nullptr) {
    const int error = errno == 0 ? ENOMEM : errno;
    return absl::InvalidArgumentError(absl::StrCat(path, " can't be read: ", std::strerror(error)));
  }
  return std::unique_ptr<FormReader>(new FormReader(path, file));
}

FormReader::FormReader(std::string path, gzFile file)
    : path_(std::move(path)), file_(file), buffer_(kBufferBytes) {}

FormReader::~FormReader() { gzclose(file_); }

// The next byte, or kEnd.
int FormReader::Get() {
  if (at_ == size_) {
    const int got = is_broken_ ? 0 : gzread(file_, buffer_.data(), kBufferBytes);
    int error = Z_OK;
    if (got <= 0) gzerror(file_, &error);
    is_broken_ = is_broken_ || got < 0 || error != Z_OK;
    at_ = 0;
    size_ = got > 0 ? static_cast<size_t>(got) : 0;
    if (size_ == 0) return kEnd;
  }
  const char c = buffer_[at_++];
  if (c == '\n') ++line_;
  return static_cast<unsigned char>(c);
}

absl::Status FormReader::Error(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(path_, ":", form_line_, ": ", what));
}

absl::Status FormReader::ErrorHere(absl::string_view what) {
  form_line_ = line_;
  if (is_broken_) return Error("the file is damaged or cut off: it can't be read to its end");
  return Error(what);
}

void FormReader::SkipComment() {
  for (int c = Get(); c != '\n' && c != kEnd;) c = Get();
}

// Goes to where the next map, or its tag, begins; false at the end.
absl::StatusOr<bool> FormReader::FindForm() {
  while (true) {
    const int c = Get();
    if (c == kEnd) {
      if (is_broken_ || (outer_ != 0 && !is_closed_)) return ErrorHere(kCutOff);
      form_line_ = line_;
      return false;
    }
    if (IsBlank(c)) continue;
    if (c == ';') {
      SkipComment();
    } else if (outer_ != 0 && !is_closed_ && c == outer_) {
      is_closed_ = true;
    } else if (is_closed_) {
      return ErrorHere("there is more behind the list of operations");
    } else if ((c == '[' || c == '(') && !has_begun_) {
      has_begun_ = true;
      outer_ = c == '[' ? ']' : ')';
    } else if (c == '{' || c == '#') {
      has_begun_ = true;
      Unget();
      return true;
    } else {
      return ErrorHere(absl::StrCat("an operation, which is a map, is missing before ",
                                    Quoted(std::string(1, static_cast<char>(c)))));
    }
  }
}

// Copies up to the closing quote; false at the end of the file or where it gets too long.
bool FormReader::CopyString() {
  while (form_.size() <= kMaxFormBytes) {
    int c = Get();
    if (c == kEnd || c == 0) return false;
    form_.push_back(static_cast<char>(c));
    if (c == '"') return true;
    if (c != '\\') continue;
    c = Get();
    if (c == kEnd || c == 0) return false;
    form_.push_back(static_cast<char>(c));
  }
  return false;
}

absl::Status FormReader::ReadForm() {
  int depth = 0;
  while (form_.size() <= kMaxFormBytes) {
    const int c = Get();
    if (c == kEnd) return ErrorHere(kCutOff);
    if (c == 0) return ErrorHere("there is a NUL byte");
    if (c == ';') {
      SkipComment();
      form_.push_back('\n');
      continue;
    }
    form_.push_back(static_cast<char>(c));
    if (c == '"') {
      if (CopyString()) continue;
      if (form_.size() > kMaxFormBytes) break;
      return ErrorHere(at_ > 0 && buffer_[at_ - 1] == 0 ? "there is a NUL byte" : kCutOff);
    }
    if (c == '\\') {
      const int escaped = Get();
      if (escaped == kEnd || escaped == 0) return ErrorHere(kCutOff);
      form_.push_back(static_cast<char>(escaped));
    } else if (c == '{' || c == '[' || c == '(') {
      if (++depth > Notation::kMaxDepth) {
        return ErrorHere(absl::StrCat("it is nested over ", Notation::kMaxDepth, " deep"));
      }
    } else if (c == '}' || c == ']' || c == ')') {
      if (--depth <= 0) return absl::OkStatus();
    }
  }
  return ErrorHere(absl::StrCat("an operation is longer than ", kMaxFormBytes >> 20, " MiB"));
}

absl::StatusOr<bool> FormReader::Next() {
  const absl::StatusOr<bool> found = FindForm();
  if (!found.ok() || !*found) return found;
  const int64_t line = line_;
  form_.clear();
  const absl::Status read = ReadForm();
  if (!read.ok()) return read;
  form_line_ = line;
  return true;
}

}  // namespace rcb

#include "common/history/history_reader.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/check/interval.h"
#include "common/history/event_parser.h"
#include "common/history/form_reader.h"
#include "common/history/history_builder.h"
#include "common/history/notation.h"
#include "common/history/operation_parser.h"

namespace rcb {
namespace {

using Kind = NotationNode::Kind;

bool HasInitial(HistoryModel model) {
  return model != HistoryModel::kMutex && model != HistoryModel::kListAppend;
}

class Reader {
 public:
  Reader(FormReader& forms, const HistoryReaderOptions& options)
      : forms_(forms), options_(options) {}

  absl::StatusOr<ModelHistory> Read();

 private:
  absl::Status ReadFirst();
  absl::Status ReadHeader();
  absl::Status ReadForms();
  absl::Status SetInitial(const NotationNode& node);
  absl::Status SetInitialByFlag();
  absl::Status Located(const absl::Status& status) const {
    return status.ok() ? status : forms_.Error(status.message());
  }

  FormReader& forms_;
  const HistoryReaderOptions& options_;
  Notation form_;
  std::unique_ptr<HistoryBuilder> builder_;
  bool has_header_ = false;
  int64_t announced_ = kNever;  // how many operations the header promises
};

absl::StatusOr<ModelHistory> Reader::Read() {
  const absl::StatusOr<bool> found = forms_.Next();
  if (!found.ok()) return found.status();
  if (!*found) return forms_.Error("it has no operations");
  absl::Status status = Located(form_.Parse(forms_.form()));
  if (status.ok()) status = ReadFirst();
  if (status.ok()) status = SetInitialByFlag();
  if (status.ok()) status = ReadForms();
  if (!status.ok()) return status;
  const auto size = static_cast<int64_t>(builder_->size());
  if (announced_ != kNever && announced_ != size) {
    return forms_.Error(
        absl::StrCat("the file ends after ", size, " of ", announced_,
                     " operations: ", size < announced_ ? "it is cut off" : "its header is wrong"));
  }
  return std::move(*builder_).Build();
}

// Finds out what the file is, by its first map.
absl::Status Reader::ReadFirst() {
  has_header_ = form_.Find(0, "history") != Notation::kNone;
  if (has_header_) return ReadHeader();
  if (form_.Find(0, "type") == Notation::kNone) {
    return forms_.Error(
        "this is neither the header of a history nor an event with a type: see common/README.md");
  }
  if (!options_.model) {
    return absl::InvalidArgumentError(
        "--history_model= is missing: the file does not say what it is a history of");
  }
  builder_ = std::make_unique<HistoryBuilder>(*options_.model);
  builder_->SetInitial(*options_.model == HistoryModel::kCounter ? 0 : kNil);
  return absl::OkStatus();
}

absl::Status Reader::ReadHeader() {
  const NotationNode& version = form_.at(form_.Find(0, "history"));
  if (version.kind != Kind::kInteger || version.number != kHistoryVersion) {
    return forms_.Error(absl::StrCat("it is a history of version ", Quoted(version.text),
                                     ", and this program reads version ", kHistoryVersion));
  }
  const size_t name = form_.Find(0, "model");
  const absl::string_view text = name == Notation::kNone ? "" : form_.at(name).text;
  const std::optional<HistoryModel> model = ParseHistoryModel(text);
  if (!model) return forms_.Error(absl::StrCat("there is no model ", Quoted(text)));
  if (options_.model && *options_.model != *model) {
    return forms_.Error(absl::StrCat("it is a history of a ", HistoryModelName(*model),
                                     ", not of a ", HistoryModelName(*options_.model)));
  }
  builder_ = std::make_unique<HistoryBuilder>(*model);
  builder_->SetInitial(*model == HistoryModel::kCounter ? 0 : kNil);
  const size_t row = form_.Find(0, "row");
  if (row != Notation::kNone && form_.at(row).kind == Kind::kText) {
    builder_->SetRow(form_.at(row).text);
  }
  const absl::StatusOr<int64_t> operations = IntegerField(form_, "operations", 0);
  if (!operations.ok()) return Located(operations.status());
  announced_ = *operations;
  const size_t initial = form_.Find(0, "initial");
  if (initial == Notation::kNone || form_.at(initial).kind == Kind::kNull) return absl::OkStatus();
  return Located(SetInitial(form_.at(initial)));
}

absl::Status Reader::SetInitial(const NotationNode& node) {
  const HistoryModel model = builder_->model();
  if (!HasInitial(model)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a ", HistoryModelName(model), " has no initial value"));
  }
  const absl::StatusOr<int64_t> initial = model == HistoryModel::kCounter
                                              ? builder_->SomeValueOf(node, "the initial value")
                                              : builder_->ValueOf(node);
  if (!initial.ok()) return initial.status();
  builder_->SetInitial(*initial);
  return absl::OkStatus();
}

absl::Status Reader::SetInitialByFlag() {
  if (!options_.initial) return absl::OkStatus();
  Notation value;
  absl::Status status = value.Parse(*options_.initial);
  if (status.ok()) status = SetInitial(value.root());
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("--history_initial=: ", status.message()));
}

absl::Status Reader::ReadForms() {
  OperationParser operations(*builder_);
  EventParser events(*builder_);
  bool is_first = true;
  while (true) {
    if (!is_first || has_header_) {
      const absl::StatusOr<bool> found = forms_.Next();
      if (!found.ok()) return found.status();
      if (!*found) break;
      const absl::Status parsed = form_.Parse(forms_.form());
      if (!parsed.ok()) return Located(parsed);
    }
    is_first = false;
    if (form_.root().kind != Kind::kMap) return forms_.Error("an operation has to be a map");
    const absl::Status added =
        has_header_ ? operations.Parse(form_) : events.Parse(form_, forms_.form());
    if (!added.ok()) return Located(added);
  }
  if (has_header_) return absl::OkStatus();
  const absl::Status finished = events.Finish();
  if (!finished.ok()) return Located(finished);
  return builder_->size() > 0 ? finished : forms_.Error("it has no operations");
}

}  // namespace

absl::StatusOr<ModelHistory> ReadHistory(const std::string& path,
                                         const HistoryReaderOptions& options) {
  const absl::StatusOr<std::unique_ptr<FormReader>> forms = FormReader::Open(path);
  if (!forms.ok()) return forms.status();
  return Reader(**forms, options).Read();
}

}  // namespace rcb

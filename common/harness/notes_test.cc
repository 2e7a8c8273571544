#include "common/harness/notes.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace rcb {
namespace {

OpRecord Record(int worker, int32_t operation) {
  OpRecord record;
  record.worker = static_cast<uint16_t>(worker);
  record.operation = operation;
  return record;
}

TEST(Notes, AreFoundAgainByTheRecordOfTheirOperation) {
  Notes<int64_t> notes(/*workers=*/2);
  Worker worker;
  for (worker.index = 0; worker.index < 2; ++worker.index) {
    for (worker.operation = 0; worker.operation < 5; ++worker.operation) {
      notes.For(worker) = 100 * worker.index + worker.operation;
    }
  }
  for (int index = 0; index < 2; ++index) {
    for (int32_t operation = 0; operation < 5; ++operation) {
      EXPECT_EQ(notes.Of(Record(index, operation)), 100 * index + operation);
    }
  }
}

// Such as one whose connection was lost before it began.
TEST(Notes, AnOperationThatNotedNothingHasADefaultAndShiftsNoOther) {
  Notes<int64_t> notes(/*workers=*/1);
  Worker worker;
  worker.operation = 2;
  notes.For(worker) = 7;
  EXPECT_EQ(notes.Of(Record(0, 0)), 0);
  EXPECT_EQ(notes.Of(Record(0, 1)), 0);
  EXPECT_EQ(notes.Of(Record(0, 2)), 7);
  EXPECT_EQ(notes.Of(Record(0, 3)), 0);
}

TEST(Notes, ASecondNoteOfAnOperationReplacesTheFirst) {
  Notes<int64_t> notes(/*workers=*/1);
  Worker worker;
  notes.For(worker) = 1;
  notes.For(worker) = 2;
  EXPECT_EQ(notes.Of(Record(0, 0)), 2);
}

}  // namespace
}  // namespace rcb

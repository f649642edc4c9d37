#pragma once

// The calls of MPI that the package makes, without MPI's types and constants: most of these are macros, which Swift does not
// import, and differ between implementations. Without the trait MPI there is nothing here.
//
// Each function but those that say otherwise returns 0, or MPI's error code; see cmpi_describe.

#include <stdint.h>

/// The numbers that are sent; counts are in these.
typedef enum { CMPI_BYTE = 1, CMPI_HALF = 2, CMPI_FLOAT = 4, CMPI_DOUBLE = 8 } cmpi_unit;

/// A collective operation under way.
typedef struct cmpi_operation cmpi_operation;

/// Joins the job. Called once, by the thread that makes all other calls.
int cmpi_start(void);
/// This process's number, from 0, and how many processes there are.
int cmpi_rank(void);
int cmpi_size(void);
/// The number of cores that this process may run on and need not share with other ranks of its machine; at least 1.
int cmpi_cores(void);
/// Leaves the job; all ranks do so together.
void cmpi_finish(void);
/// Ends all processes of the job with an exit code.
_Noreturn void cmpi_abort(int code);
/// The text of an error, ended by a zero.
void cmpi_describe(int error, char *text, int capacity);

// The operations begin here, and have ended when cmpi_wait returns; the memory stays where it is until then. All ranks begin
// the same operations in the same order.

/// Sends the data of `root` to all.
int cmpi_broadcast(void *data, int count, cmpi_unit unit, int root, cmpi_operation **operation);
/// Puts the data of all ranks, one after another, into `all` on each; `counts` has that of each rank.
int cmpi_all_gather(
    const void *data, void *all, const int *counts, cmpi_unit unit, cmpi_operation **operation);
/// The same on a channel of its own, whose operations are independent of all others: one byte from each rank.
int cmpi_gather_endings(const void *byte, void *all, cmpi_operation **operation);
/// Sends part i of `data` to rank i, and puts what rank i has for this one into part i of `received`; parts lie one after
/// another.
int cmpi_all_to_all(
    const void *data, const int *sent_counts, void *received, const int *received_counts, cmpi_unit unit,
    cmpi_operation **operation);
/// Waits for the end, awake for a while, then asleep between looks; frees the operation.
int cmpi_wait(cmpi_operation *operation);
/// The same for at most so long; sets `*is_done`, and frees the operation only if it has ended.
int cmpi_wait_for(cmpi_operation *operation, int64_t nanoseconds, int *is_done);

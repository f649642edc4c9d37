// For the set of cores of a process.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CMPI.h"

#if defined(FFJORD_VAE_MPI)

#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Errors come back as codes instead of ending the job; the job's end has a channel of its own.
static MPI_Comm data_channel = MPI_COMM_NULL, ending_channel = MPI_COMM_NULL;

int cmpi_start(void) {
  int provided;
  int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  if (error) return error;
  if ((error = MPI_Comm_dup(MPI_COMM_WORLD, &data_channel))) return error;
  if ((error = MPI_Comm_dup(MPI_COMM_WORLD, &ending_channel))) return error;
  MPI_Comm_set_errhandler(data_channel, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(ending_channel, MPI_ERRORS_RETURN);
  return 0;
}

int cmpi_rank(void) {
  int rank = 0;
  MPI_Comm_rank(data_channel, &rank);
  return rank;
}

int cmpi_size(void) {
  int size = 1;
  MPI_Comm_size(data_channel, &size);
  return size;
}

int cmpi_cores(void) {
#if defined(__linux__)
  cpu_set_t own;
  CPU_ZERO(&own);
  if (sched_getaffinity(0, sizeof own, &own)) return 1;
  MPI_Comm machine;
  if (MPI_Comm_split_type(data_channel, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine)) return 1;
  int ranks = 1, sharing = 0;
  MPI_Comm_size(machine, &ranks);
  cpu_set_t *all = calloc((size_t)ranks, sizeof *all);
  if (all && !MPI_Allgather(&own, sizeof own, MPI_BYTE, all, sizeof own, MPI_BYTE, machine)) {
    for (int i = 0; i < ranks; i++) {
      cpu_set_t common;
      CPU_AND(&common, &own, &all[i]);
      sharing += CPU_COUNT(&common) > 0;
    }
  }
  free(all);
  MPI_Comm_free(&machine);
  const int cores = CPU_COUNT(&own) / (sharing > 0 ? sharing : 1);
  return cores > 0 ? cores : 1;
#else
  return 1;
#endif
}

void cmpi_finish(void) {
  MPI_Comm_free(&data_channel);
  MPI_Comm_free(&ending_channel);
  MPI_Finalize();
}

_Noreturn void cmpi_abort(int code) {
  MPI_Abort(MPI_COMM_WORLD, code);
  _exit(code);
}

void cmpi_describe(int error, char *text, int capacity) {
  char all[MPI_MAX_ERROR_STRING + 1] = "";
  int length = 0;
  if (capacity <= 0) return;
  if (MPI_Error_string(error, all, &length)) length = 0;
  all[length] = 0;
  strncpy(text, all, (size_t)capacity - 1);
  text[capacity - 1] = 0;
}

// MARK: - Operations

struct cmpi_operation {
  MPI_Request request;
  // Counts and places of the parts: those sent, and those received.
  int *parts;
};

static MPI_Datatype type_of(cmpi_unit unit) {
  switch (unit) {
  case CMPI_DOUBLE: return MPI_DOUBLE;
  case CMPI_FLOAT: return MPI_FLOAT;
  case CMPI_HALF: return MPI_UINT16_T;
  case CMPI_BYTE: break;
  }
  return MPI_BYTE;
}

// An operation with room for `lists` lists of counts and as many of places.
static cmpi_operation *make(int lists) {
  cmpi_operation *operation = malloc(sizeof *operation);
  if (!operation) return NULL;
  operation->request = MPI_REQUEST_NULL;
  operation->parts = lists ? malloc(sizeof(int) * 2 * (size_t)lists * (size_t)cmpi_size()) : NULL;
  if (!lists || operation->parts) return operation;
  free(operation);
  return NULL;
}

static void release(cmpi_operation *operation) {
  free(operation->parts);
  free(operation);
}

// Counts, and behind them the places of parts that lie one after another.
static void lay(int *parts, const int *counts) {
  const int size = cmpi_size();
  for (int i = 0, place = 0; i < size; place += counts[i], i++) {
    parts[i] = counts[i];
    parts[size + i] = place;
  }
}

static int begun(int error, cmpi_operation *made, cmpi_operation **operation) {
  if (error) {
    release(made);
    made = NULL;
  }
  *operation = made;
  return error;
}

int cmpi_broadcast(void *data, int count, cmpi_unit unit, int root, cmpi_operation **operation) {
  cmpi_operation *made = make(0);
  if (!made) return MPI_ERR_NO_MEM;
  return begun(MPI_Ibcast(data, count, type_of(unit), root, data_channel, &made->request), made, operation);
}

int cmpi_all_gather(
    const void *data, void *all, const int *counts, cmpi_unit unit, cmpi_operation **operation) {
  cmpi_operation *made = make(1);
  if (!made) return MPI_ERR_NO_MEM;
  lay(made->parts, counts);
  const MPI_Datatype type = type_of(unit);
  return begun(
      MPI_Iallgatherv(
          data, counts[cmpi_rank()], type, all, made->parts, made->parts + cmpi_size(), type, data_channel,
          &made->request),
      made, operation);
}

int cmpi_gather_endings(const void *byte, void *all, cmpi_operation **operation) {
  cmpi_operation *made = make(0);
  if (!made) return MPI_ERR_NO_MEM;
  return begun(
      MPI_Iallgather(byte, 1, MPI_BYTE, all, 1, MPI_BYTE, ending_channel, &made->request), made, operation);
}

int cmpi_all_to_all(
    const void *data, const int *sent_counts, void *received, const int *received_counts, cmpi_unit unit,
    cmpi_operation **operation) {
  cmpi_operation *made = make(2);
  if (!made) return MPI_ERR_NO_MEM;
  const int size = cmpi_size();
  int *sent = made->parts, *taken = made->parts + 2 * size;
  lay(sent, sent_counts);
  lay(taken, received_counts);
  const MPI_Datatype type = type_of(unit);
  return begun(
      MPI_Ialltoallv(
          data, sent, sent + size, type, received, taken, taken + size, type, data_channel, &made->request),
      made, operation);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int cmpi_wait_for(cmpi_operation *operation, int64_t nanoseconds, int *is_done) {
  // The library moves messages only while it is called. Ranks that share a core need it in turn; a rank that waits for a
  // file or for the end of an epoch of another need not keep a core busy.
  enum { AWAKE = 200 * 1000, YIELDING = 20 * 1000 * 1000, NAP = 200 };
  const int64_t begin = now();
  for (;;) {
    const int error = MPI_Test(&operation->request, is_done, MPI_STATUS_IGNORE);
    if (error || *is_done) {
      release(operation);
      return error;
    }
    const int64_t waited = now() - begin;
    if (waited >= nanoseconds) return 0;
    if (waited > YIELDING)
      usleep(NAP);
    else if (waited > AWAKE)
      sched_yield();
  }
}

int cmpi_wait(cmpi_operation *operation) {
  int is_done = 0;
  return cmpi_wait_for(operation, INT64_MAX, &is_done);
}

#endif

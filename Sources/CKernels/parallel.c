#include "CKernels.h"
#include "CKernelsWorkStealing.h"

// The entry points of GNU's OpenMP runtime that a compiler emits for `#pragma omp parallel`. Called directly, since
// the pragma would need a compiler flag.
void GOMP_barrier(void);
void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
void omp_set_num_threads(int threads);

typedef struct {
  long count;
  void *context;
  void (*body)(void *, long, long);
  ck_work work;
} region;

// Where a piece begins. Pieces of many items begin at multiples of 16, so that vectors do not straddle lines of memory.
static long beginning(const region *r, long piece) {
  const long at = r->count * piece / r->work.pieces;
  return piece < r->work.pieces && r->count / r->work.pieces >= 256 ? at & ~15l : at;
}

static void run(void *data) {
  region *r = data;
  const int me = omp_get_thread_num();
  for (long piece; (piece = ck_take_piece(&r->work, me)) >= 0;) {
    const long begin = beginning(r, piece), end = beginning(r, piece + 1);
    if (begin < end) r->body(r->context, begin, end);
  }
}

void ck_parallel(long count, long pieces, int threads, void *context, void (*body)(void *, long, long)) {
  if (threads <= 1 || count <= 1) {
    if (count > 0) body(context, 0, count);
    return;
  }
  region r = {.count = count, .context = context, .body = body};
  ck_divide_work(&r.work, pieces, threads);
  GOMP_parallel(run, &r, (unsigned)threads, 0);
}

typedef struct {
  void *context;
  void (*body)(void *, int, int);
} team;

static void run_member(void *data) {
  const team *t = data;
  t->body(t->context, omp_get_thread_num(), omp_get_num_threads());
}

void ck_team(int threads, void *context, void (*body)(void *, int, int)) {
  team t = {context, body};
  if (threads <= 1)
    body(context, 0, 1);
  else
    GOMP_parallel(run_member, &t, (unsigned)threads, 0);
}

void ck_barrier(void) { GOMP_barrier(); }

void ck_set_threads(int threads) { omp_set_num_threads(threads); }
int ck_threads(void) { return omp_get_max_threads(); }

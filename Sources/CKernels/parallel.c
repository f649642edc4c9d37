#include "CKernels.h"
#include "CKernelsWorkStealing.h"
#include "team.h"

// OpenMP's number of threads, which the matrix library goes by too.
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

static void run(void *data, int me, int threads) {
  (void)threads;
  region *r = data;
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
  ck_run_region(threads, CK_MAY_JOIN, &r, run);
}

void ck_team(int threads, void *context, void (*body)(void *, int, int)) {
  if (threads <= 1)
    body(context, 0, 1);
  else
    ck_run_region(threads, CK_MUST_JOIN, context, body);
}

void ck_set_threads(int threads) { omp_set_num_threads(threads); }
int ck_threads(void) { return omp_get_max_threads(); }

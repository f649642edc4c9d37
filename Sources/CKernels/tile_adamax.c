#include "CKernels.h"

#include <string.h>

// The gradient of a linear layer's weights is formed some rows at a time and used while it is in the cache; it is never
// in memory as a whole.
enum { CK_ROWS_AT_ONCE = 64 };

static size_t aligned(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

static ck_tile_product rows_of(const ck_tile_adamax *s, long first, long rows, const void *packed, float *gradient) {
  return (ck_tile_product){.rows = rows, .columns = s->inputs, .inner = s->batch, .parts = s->parts, .alpha = 1,
                           .a = s->g + first, .a_leading = s->outputs, .a_transposed = true, .packed = packed,
                           .c = gradient, .c_leading = s->inputs};
}

static size_t thread_bytes(const ck_tile_adamax *s) {
  ck_tile_product product = rows_of(s, 0, CK_ROWS_AT_ONCE, s, NULL);
  return aligned(ck_tile_workspace(&product, 1)) + aligned((size_t)(CK_ROWS_AT_ONCE * s->inputs) * 4);
}

size_t ck_tile_adamax_workspace(const ck_tile_adamax *s, int threads) {
  return ck_tile_packed_size(s->parts, s->batch, s->inputs) + (size_t)threads * thread_bytes(s);
}

typedef struct {
  const ck_tile_adamax *step;
  char *packed, *scratch;
} job;

static void run(void *context, int me, int threads) {
  const job *job = context;
  const ck_tile_adamax *s = job->step;
  const ck_table *kernels = ck_kernels(CK_FLOAT32);
  char *scratch = job->scratch + (size_t)me * thread_bytes(s);
  float *gradient = (float *)scratch;
  char *workspace = scratch + aligned((size_t)(CK_ROWS_AT_ONCE * s->inputs) * 4);
  const long chunks = (s->outputs + CK_ROWS_AT_ONCE - 1) / CK_ROWS_AT_ONCE;
  for (long chunk = chunks * me / threads; chunk < chunks * (me + 1) / threads; chunk++) {
    const long first = chunk * CK_ROWS_AT_ONCE, left = s->outputs - first;
    const long rows = left < CK_ROWS_AT_ONCE ? left : CK_ROWS_AT_ONCE, at = first * s->inputs;
    ck_tile_product product = rows_of(s, first, rows, job->packed, gradient);
    ck_tile_multiply(&product, workspace, 1);
    kernels->adamax(0, rows * s->inputs, s->rate, s->first_decay, s->second_decay, s->epsilon, gradient,
                    s->parameters + at, s->moments + at, s->norms + at);
  }
}

void ck_tile_adamax_step(const ck_tile_adamax *s, void *workspace, int threads) {
  job job = {s, workspace, (char *)workspace + ck_tile_packed_size(s->parts, s->batch, s->inputs)};
  ck_tile_pack(s->parts, s->x, s->inputs, false, s->batch, s->inputs, job.packed, threads);
  ck_team(threads, &job, run);
}

#include "tile_block.h"

#if CK_TILES

// The gradient of a linear layer's weights is formed some rows at a time and used while it is in the cache; it is never
// in memory as a whole. Five layers of 44608 x 256 and a batch of 100 on two cores: 37 to 46 ms in one part, where memory
// needs 36, and 53 to 60 in two, where the product does not wait for memory for long enough.
enum { CK_ROWS_AT_ONCE = 64 };

static size_t aligned(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

static ck_tile_product rows_of(const ck_tile_update *s, long first, long rows, const void *packed, float *gradient) {
  return (ck_tile_product){.rows = rows, .columns = s->inputs, .inner = s->batch, .parts = s->parts, .alpha = 1,
                           .a = s->g + first, .a_leading = s->outputs, .a_transposed = true, .packed = packed,
                           .c = gradient, .c_leading = s->inputs};
}

static size_t thread_bytes(const ck_tile_update *s) {
  ck_tile_product product = rows_of(s, 0, CK_ROWS_AT_ONCE, s, NULL);
  return aligned(ck_tile_workspace(&product, 1)) + aligned((size_t)(CK_ROWS_AT_ONCE * s->inputs) * 4);
}

size_t ck_tile_update_workspace(const ck_tile_update *s, int threads) {
  return ck_tile_packed_size(s->parts, s->batch, s->inputs) + (size_t)threads * thread_bytes(s);
}

typedef struct {
  const ck_tile_update *step;
  char *packed, *scratch;
  ck_work *work;
} job;

// Fetches the columns of g that the next chunk takes, some of its rows: they lie far apart, where no processor looks ahead.
static void fetch(const ck_tile_update *s, long first, long begin, long end) {
  if (first >= s->outputs) return;
  for (long row = begin; row < end; row++)
    for (long column = 0; column < CK_ROWS_AT_ONCE; column += 16)
      __builtin_prefetch(s->g + row * s->outputs + first + column, 0, 2);
}

static void run(void *context, int me, int threads) {
  const job *job = context;
  const ck_tile_update *s = job->step;
  const ck_table *kernels = ck_kernels(CK_FLOAT32);
  char *scratch = job->scratch + (size_t)me * thread_bytes(s);
  float *gradient = (float *)scratch;
  char *workspace = scratch + aligned((size_t)(CK_ROWS_AT_ONCE * s->inputs) * 4);
  for (long chunk; (chunk = ck_take_piece(job->work, me)) >= 0;) {
    const long first = chunk * CK_ROWS_AT_ONCE, rows = ck_min(CK_ROWS_AT_ONCE, s->outputs - first);
    ck_tile_product product = rows_of(s, first, rows, job->packed, gradient);
    // Ahead: the first of what the update reads, as much as memory gives during the product.
    const ck_tile_job rows_job = {.product = &product, .plan = ck_make_plan(&product), .end = s->batch,
                                  .workspace = workspace, .ahead = s->parameters + first * s->inputs,
                                  .ahead_lines = rows * s->inputs / 32 * s->parts};
    ck_tile_run(&rows_job, 0, 1);
    for (long row = 0; row < rows; row++) {
      const long at = (first + row) * s->inputs;
      kernels->update(&s->update, 0, s->inputs, gradient + row * s->inputs, s->parameters + at, s->first_moments + at,
                      s->second_moments + at);
      fetch(s, first + CK_ROWS_AT_ONCE, s->batch * row / rows, s->batch * (row + 1) / rows);
    }
  }
}

void ck_tile_update_step(const ck_tile_update *s, void *workspace, int threads) {
  ck_work work;
  ck_divide_work(&work, ck_groups(s->outputs, CK_ROWS_AT_ONCE), threads);
  job job = {s, workspace, (char *)workspace + ck_tile_packed_size(s->parts, s->batch, s->inputs), &work};
  ck_tile_pack(s->parts, s->x, s->inputs, false, s->batch, s->inputs, job.packed, threads);
  ck_team(threads, &job, run);
}

#else

size_t ck_tile_update_workspace(const ck_tile_update *s, int threads) { return 0; }
void ck_tile_update_step(const ck_tile_update *s, void *workspace, int threads) { __builtin_trap(); }

#endif

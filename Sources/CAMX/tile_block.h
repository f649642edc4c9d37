// A product on tiles is made block by block: up to 32 rows by 32 columns of the result, some of the reduction at a time.

#ifndef CAMX_TILE_BLOCK_H
#define CAMX_TILE_BLOCK_H

#include <CKernelsWorkStealing.h>
#include "tile_plan.h"

#if CK_TILES

/// Where the rows of a product lie: one after another, or those of some images in each component of [components, images].
typedef struct {
  long images, begin, count;
} ck_placing;

static inline long ck_row_at(ck_placing at, long row) {
  return at.count == 0 ? row : row / at.count * at.images + at.begin + row % at.count;
}

/// A product, or the part of it from `begin` to `end` along the reduction.
typedef struct {
  const ck_tile_product *product;
  ck_plan plan;
  long begin, end;
  ck_placing placing;
  const float *const *a_lines, *const *b_lines;  ///< where the operands' rows lie; or none
  char *workspace;
  ck_work *work;  ///< of the columns; or none
  /// Lines of memory to fetch meanwhile, where the product itself has nothing to fetch.
  const void *ahead;
  long ahead_lines;
} ck_tile_job;

/// Bytes of workspace that a job needs on so many threads.
static inline size_t ck_job_workspace(ck_plan plan, int threads) {
  return 2 * plan.whole + 2 * (size_t)threads * plan.panel;
}
/// One thread's share of a job.
void ck_tile_run(const ck_tile_job *job, int me, int threads);

/// Rows and columns of the result; `upper` of the rows are in the first tile of their panel.
typedef struct {
  long row, rows, upper, column, columns;
} ck_block;

/// The rows that the tiles are set to.
typedef struct {
  long upper, lower;
} ck_tile_setting;

/// Sets the tiles for `uses` blocks of so many steps.
void ck_set_tiles(const ck_tile_product *p, ck_block b, long uses, long steps, ck_tile_setting *now);

/// Adds `steps` steps of a panel of rows and a panel of columns to a block; `first` and `last` of the reduction or not.
void ck_multiply_block(const ck_tile_job *job, ck_block b, ck_tile_setting setting, bool first, bool last, long steps,
                       const char *rows, const char *columns, ck_interleaved *interleaved);

#endif
#endif

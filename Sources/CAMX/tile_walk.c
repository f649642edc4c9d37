#include "tile_panels.h"

#if CK_TILES

// Row tiles first..<last of the product, two to a panel; only the product's last tile may be short of 16 rows.
typedef struct {
  long first, last;
} row_tiles;
static row_tiles split_rows(const ck_tile_product *p, int me, int threads) {
  long tiles = ck_groups(p->rows, 16);
  return (row_tiles){tiles * me / threads, tiles * (me + 1) / threads};
}
static long panels_of(row_tiles tiles) { return ck_groups(tiles.last - tiles.first, 2); }

static ck_block rows_of_panel(const ck_tile_product *p, row_tiles tiles, long panel) {
  long row = 16 * (tiles.first + 2 * panel);
  long rows = ck_min(16 * ck_min(tiles.last, tiles.first + 2 * panel + 2), p->rows) - row;
  return (ck_block){.row = row, .rows = rows, .upper = ck_min(rows, 16)};
}

static ck_operand rows_of_job(const ck_tile_job *job) {
  ck_operand rows = ck_rows_of(job->product);
  rows.lines = job->a_lines;
  return rows;
}
static ck_operand columns_of_job(const ck_tile_job *job) {
  ck_operand columns = ck_columns_of(job->product);
  columns.lines = job->b_lines;
  return columns;
}

// Packs the rows of a block, wherever they lie.
CK_TILE_TARGET static void pack_rows(const ck_tile_job *job, ck_operand a, ck_block b, long start, long depth, char *panel) {
  const float *lines[CK_PANEL];
  if (job->placing.count > 0) {
    for (long i = 0; i < b.rows; i++) lines[i] = a.data + ck_row_at(job->placing, b.row + i) * a.leading;
    a.lines = lines;
    b.row = 0;
  }
  ck_pack_panel_rows(job->product->parts, &a, b.row, b.rows, start, depth, panel);
}

CK_TILE_TARGET static void multiply_by_rows(const ck_tile_job *job, int me, int threads) {
  const ck_tile_product *p = job->product;
  const ck_plan plan = job->plan;
  const ck_operand b = columns_of_job(job);
  const row_tiles mine = split_rows(p, me, threads);
  const long column_panels = ck_groups(p->columns, CK_PANEL);
  ck_tile_setting setting = {-1, -1};
  panels rows = {.job = job, .operand = rows_of_job(job), .origin = 16 * mine.first,
                 .limit = ck_min(16 * mine.last, p->rows),
                 .buffers = job->workspace + 2 * plan.whole + 2 * (size_t)me * plan.panel};
  for (long start = job->begin, turn = 0; start < job->end; start += plan.packed_depth, turn++) {
    const long depth = ck_min(plan.packed_depth, job->end - start), all_steps = ck_groups(depth, CK_STEP) * column_panels;
    const char *columns = (const char *)p->packed + ck_panel_bytes(p->parts, start);
    long column_bytes = ck_panel_bytes(p->parts, p->inner);
    if (plan.packs_whole) {
      char *whole = job->workspace + (size_t)(turn & 1) * plan.whole;
      column_bytes = ck_panel_bytes(p->parts, depth);
      ck_pack_columns(p->parts, &b, start, depth, whole, me, threads);
      columns = whole;
      if (threads > 1) ck_barrier();
    }
    for (long i = 0; i < panels_of(mine); i++) {
      ck_block block = rows_of_panel(p, mine, i);
      const char *panel = take(&rows, (place){start, i}, all_steps);
      ck_set_tiles(p, block, column_panels, ck_groups(depth, CK_STEP), &setting);
      for (long k = 0; k < depth; k += plan.kc) {
        const long steps = ck_groups(ck_min(plan.kc, depth - k), CK_STEP), offset = ck_panel_bytes(p->parts, k);
        for (long j = 0; j < column_panels; j++) {
          block.column = j * CK_PANEL;
          block.columns = ck_min(CK_PANEL, p->columns - block.column);
          ck_multiply_block(job, block, setting, start + k == job->begin, start + k + plan.kc >= job->end, steps,
                            panel + offset, columns + j * column_bytes + offset, &rows.interleaved);
        }
      }
    }
  }
}

// Multiplies the packed block of all rows with the next micro-panel of columns.
CK_TILE_TARGET static void multiply_panel(panels *columns, place at, long depth, const char *whole,
                                          ck_tile_setting *setting) {
  const ck_tile_job *job = columns->job;
  const ck_tile_product *p = job->product;
  const long kc = job->plan.kc, row_bytes = ck_panel_bytes(p->parts, depth);
  const row_tiles all = split_rows(p, 0, 1);
  const char *panel = take(columns, at, ck_groups(depth, CK_STEP) * panels_of(all));
  for (long k = 0; k < depth; k += kc) {
    const long steps = ck_groups(ck_min(kc, depth - k), CK_STEP), offset = ck_panel_bytes(p->parts, k);
    for (long i = 0; i < panels_of(all); i++) {
      ck_block block = rows_of_panel(p, all, i);
      block.column = columns->origin + at.panel * CK_PANEL;
      block.columns = ck_min(CK_PANEL, p->columns - block.column);
      ck_set_tiles(p, block, 1, steps, setting);
      ck_multiply_block(job, block, *setting, at.start + k == job->begin, at.start + k + kc >= job->end, steps,
                        whole + i * row_bytes + offset, panel + offset, &columns->interleaved);
    }
  }
}

// Some of the columns' panels, as a thread goes through them.
static panels columns_between(const ck_tile_job *job, int me, long begin, long end) {
  return (panels){.job = job, .operand = columns_of_job(job), .origin = begin * CK_PANEL,
                  .limit = ck_min(end * CK_PANEL, job->product->columns),
                  .buffers = job->workspace + 2 * job->plan.whole + 2 * (size_t)me * job->plan.panel};
}

CK_TILE_TARGET static void multiply_by_columns(const ck_tile_job *job, int me, int threads) {
  const ck_tile_product *p = job->product;
  const ck_plan plan = job->plan;
  const ck_operand a = rows_of_job(job);
  const row_tiles all = split_rows(p, 0, 1);
  const long row_panels = panels_of(all), column_panels = ck_groups(p->columns, CK_PANEL);
  ck_tile_setting setting = {-1, -1};
  panels mine = columns_between(job, me, column_panels * me / threads, column_panels * (me + 1) / threads);
  for (long start = job->begin, turn = 0; start < job->end; start += plan.packed_depth, turn++) {
    const long depth = ck_min(plan.packed_depth, job->end - start);
    char *whole = job->workspace + (size_t)(turn & 1) * plan.whole;
    for (long i = row_panels * me / threads; i < row_panels * (me + 1) / threads; i++)
      pack_rows(job, a, rows_of_panel(p, all, i), start, depth, whole + i * ck_panel_bytes(p->parts, depth));
    if (threads > 1) ck_barrier();
    if (!job->work) {
      for (long j = 0; j < count_panels(&mine); j++) multiply_panel(&mine, (place){start, j}, depth, whole, &setting);
      continue;
    }
    for (long piece; (piece = ck_take_piece(job->work, me)) >= 0;) {
      const long pieces = job->work->pieces;
      panels some = columns_between(job, me, column_panels * piece / pieces, column_panels * (piece + 1) / pieces);
      for (long j = 0; j < count_panels(&some); j++) multiply_panel(&some, (place){start, j}, depth, whole, &setting);
    }
  }
}

CK_TILE_TARGET void ck_tile_run(const ck_tile_job *job, int me, int threads) {
  if (job->plan.by_columns)
    multiply_by_columns(job, me, threads);
  else
    multiply_by_rows(job, me, threads);
  _mm_sfence();
  _tile_release();
}

#endif

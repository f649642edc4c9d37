// Matrix products on tiles. Measured on two cores of a Sapphire Rapids server, whose tiles do 2.86 TFLOP/s a core on
// zeros and 2.3 on random numbers, and whose memory gives 17 to 21 GB/s a core; five products each, where large:
//   [200, 512] x [512, 512] packed, two parts: 206 us on one core, 120 us on two; the tiles alone take 140 and 70. The
//     rest is packing A, and 1 MB of B from the third-level cache where it does not stay in the second.
//   [100, 256] x [44608, 256]^T: 29 to 44 ms in two parts, where tiles take 8, packing 15 and memory 8; 16 to 24 in one.
//   [100, 44608] x [44608, 256]: 46 to 60 ms in two parts, 28 to 33 in one, where tiles take 8, packing 7 and memory 8.
//     Not near its limits: A is packed without being fetched ahead, and B comes slower than memory gives it.
// Other tenants of the cores make loads of tiles up to four times slower for seconds at a time.

#include "tile_panels.h"

#if defined(__x86_64__)

// A result as large as this does not stay in the caches: it is written past them.
enum { CK_STREAM_BYTES = 8 << 20 };

size_t ck_tile_workspace(const ck_tile_product *p, int threads) {
  plan plan = make_plan(p);
  return 2 * plan.whole + 2 * (size_t)threads * plan.panel;
}

// Row tiles first..<last of the product, two to a panel; only the product's last tile may be short of 16 rows.
typedef struct {
  long first, last;
} row_tiles;
static row_tiles split_rows(const ck_tile_product *p, int me, int threads) {
  long tiles = ck_groups(p->rows, 16);
  return (row_tiles){tiles * me / threads, tiles * (me + 1) / threads};
}
static long panels_of(row_tiles tiles) { return ck_groups(tiles.last - tiles.first, 2); }

// Rows and columns of the result; `upper` of the rows are in the first tile of their panel.
typedef struct {
  long row, rows, upper, column, columns;
} block;
static block rows_of_panel(const ck_tile_product *p, row_tiles tiles, long panel) {
  long row = 16 * (tiles.first + 2 * panel);
  long rows = ck_min(16 * ck_min(tiles.last, tiles.first + 2 * panel + 2), p->rows) - row;
  return (block){.row = row, .rows = rows, .upper = ck_min(rows, 16)};
}

// Where the rows of a product lie: one after another, or those of some images in each slot of [slots, images].
typedef struct {
  long images, begin, count;
} placing;
static long row_at(placing at, long row) {
  return at.count == 0 ? row : row / at.count * at.images + at.begin + row % at.count;
}
static bool together(placing at, long row, long rows) {
  return at.count == 0 || row_at(at, row + rows - 1) - row_at(at, row) == rows - 1;
}

// What the accumulators of 16 columns of some rows begin with, where it can be loaded as it is.
typedef struct {
  const float *from;  // zeros if null
  size_t stride;      // in bytes; 0 for the same row again and again
  bool possible;
} beginning;
static beginning begin_with(const ck_tile_product *p, bool first, long row, long rows, long column) {
  if (!first || p->beta == 1)
    return (beginning){p->c + row * p->c_leading + column, (size_t)p->c_leading * 4, !first || row >= p->biased_rows};
  if (p->beta != 0) return (beginning){.possible = false};
  if (row >= p->biased_rows) return (beginning){.possible = true};
  return (beginning){p->bias + column, 0, row + rows <= p->biased_rows};
}

static __mmask16 lanes(long left) { return left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1); }

typedef struct {
  const ck_tile_product *product;
  plan plan;
  placing placing;
  const float *const *a_lines, *const *b_lines;  // where the operands' rows lie; or none
  char *workspace;
} job;

static ck_operand rows_of_job(const job *job) {
  ck_operand rows = rows_of(job->product);
  rows.lines = job->a_lines;
  return rows;
}
static ck_operand columns_of_job(const job *job) {
  ck_operand columns = columns_of(job->product);
  columns.lines = job->b_lines;
  return columns;
}

// What the sums of a block begin with: at first beta times what was there and the bias, later what is there.
CK_TILE_TARGET static void begin_in_memory(const job *job, block b, bool first, float (*sums)[CK_PANEL]) {
  const ck_tile_product *p = job->product;
  for (long i = 0; i < b.rows; i++) {
    const long row = row_at(job->placing, b.row + i);
    const float *c = p->c + row * p->c_leading + b.column;
    for (long j = 0; j < CK_PANEL; j += 16) {
      __mmask16 mask = j < b.columns ? lanes(b.columns - j) : 0;
      __m512 x = _mm512_setzero_ps();
      if (!first || p->beta != 0) x = _mm512_maskz_loadu_ps(mask, c + j);
      if (first && p->beta != 0) x = _mm512_mul_ps(x, _mm512_set1_ps(p->beta));
      if (first && row < p->biased_rows)
        x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(mask, p->bias + b.column + j));
      _mm512_store_ps(sums[i] + j, x);
    }
  }
}

CK_TILE_TARGET static void copy_out(const job *job, block b, bool stream, float (*sums)[CK_PANEL]) {
  const ck_tile_product *p = job->product;
  for (long i = 0; i < b.rows; i++) {
    float *c = p->c + row_at(job->placing, b.row + i) * p->c_leading + b.column;
    for (long j = 0; j < b.columns; j += 16) {
      if (stream)
        _mm512_stream_ps(c + j, _mm512_load_ps(sums[i] + j));
      else
        _mm512_mask_storeu_ps(c + j, lanes(b.columns - j), _mm512_load_ps(sums[i] + j));
    }
  }
}

// Whether whole lines of the result are to be written past the caches.
static bool streams(const ck_tile_product *p, block b) {
  return b.columns == CK_PANEL && p->rows * p->columns * 4 >= CK_STREAM_BYTES &&
         (((size_t)(p->c + b.column) | (size_t)p->c_leading * 4) & 63) == 0;
}

// The rows that the tiles are set to.
typedef struct {
  long upper, lower;
} setting;

// Sets the tiles for `uses` blocks of so many steps. Setting them anew costs as much as about 20 products of tiles: for
// less, a short tile is taken for a full one, whose other rows are zeros.
static void set_tiles(const ck_tile_product *p, block b, long uses, long steps, setting *now) {
  long short_rows = ck_groups(b.rows, 16) * 16 - b.rows, products = 2 * uses * steps * (p->parts == 1 ? 1 : 3);
  setting wanted = {16, 16};
  if (b.rows == p->rows || short_rows * products > 2 * 16 * 20) {
    wanted.upper = b.upper;
    if (b.rows > 16) wanted.lower = b.rows - b.upper;
  }
  if (wanted.upper == now->upper && wanted.lower == now->lower) return;
  *now = wanted;
  ck_configure_tiles(wanted.upper, wanted.lower);
}

// Fetches a row of a block for writing, while the block is still being multiplied.
static inline void claim(const float *row) {
  __builtin_prefetch(row, 1);
  __builtin_prefetch(row + 16, 1);
}

CK_TILE_TARGET static void multiply_block(const job *job, block b, setting setting, bool first, bool last,
                                          long steps, const char *rows, const char *columns, ck_aside *aside) {
  float sums[CK_PANEL][CK_PANEL] __attribute__((aligned(64)));
  const ck_tile_product *p = job->product;
  size_t stride = (size_t)p->c_leading * 4;
  const bool one = b.rows <= 16, full = b.upper == setting.upper && (one || b.rows - b.upper == setting.lower);
  const bool stream = last && streams(p, b);
  const long upper_row = row_at(job->placing, b.row), lower_row = one ? upper_row : row_at(job->placing, b.row + 16);
  float *to = p->c + upper_row * p->c_leading + b.column, *lower_to = p->c + lower_row * p->c_leading + b.column;
  beginning upper = begin_with(p, first, upper_row, b.upper, b.column);
  beginning lower = begin_with(p, first, lower_row, b.rows - b.upper, b.column);
  // A block that is not full, or begins with something else, or whose rows lie apart, goes by way of memory. The sums are
  // the same: they begin with the same numbers.
  const bool loads = b.columns == CK_PANEL && full && upper.possible && together(job->placing, b.row, b.upper) &&
                     (one || (lower.possible && together(job->placing, b.row + 16, b.rows - 16)));
  if (!loads) {
    begin_in_memory(job, b, first, sums);
    upper = (beginning){sums[0], sizeof sums[0], true};
    lower = (beginning){sums[16], sizeof sums[0], true};
  }
  if (!loads || stream) {
    to = sums[0];
    lower_to = sums[16];
    stride = sizeof sums[0];
  } else if (job->placing.count > 0) {
    for (long i = 0; i < b.upper; i++) claim(to + i * p->c_leading);
    for (long i = 0; i < b.rows - b.upper; i++) claim(lower_to + i * p->c_leading);
  }
  if (upper.from) {
    _tile_loadd(0, upper.from, upper.stride);
    _tile_loadd(1, upper.from + 16, upper.stride);
  } else {
    _tile_zero(0);
    _tile_zero(1);
  }
  if (!one && lower.from) {
    _tile_loadd(2, lower.from, lower.stride);
    _tile_loadd(3, lower.from + 16, lower.stride);
  } else if (!one) {
    _tile_zero(2);
    _tile_zero(3);
  }
  if (p->parts == 1 && one)
    ck_accumulate(1, true, steps, rows, columns, aside);
  else if (p->parts == 1)
    ck_accumulate(1, false, steps, rows, columns, aside);
  else if (one)
    ck_accumulate(2, true, steps, rows, columns, aside);
  else
    ck_accumulate(2, false, steps, rows, columns, aside);
  _tile_stored(0, to, stride);
  _tile_stored(1, to + 16, stride);
  if (!one) {
    _tile_stored(2, lower_to, stride);
    _tile_stored(3, lower_to + 16, stride);
  }
  if (!loads || stream) copy_out(job, b, stream, sums);
}

// Packs the rows of a block, wherever they lie.
CK_TILE_TARGET static void pack_rows(const job *job, ck_operand a, block b, long start, long depth, char *panel) {
  const float *lines[CK_PANEL];
  if (job->placing.count > 0) {
    for (long i = 0; i < b.rows; i++) lines[i] = a.data + row_at(job->placing, b.row + i) * a.leading;
    a.lines = lines;
    b.row = 0;
  }
  ck_pack_panel_rows(job->product->parts, &a, b.row, b.rows, start, depth, panel);
}

CK_TILE_TARGET static void multiply_by_rows(const job *job, int me, int threads) {
  const ck_tile_product *p = job->product;
  const plan plan = job->plan;
  const ck_operand b = columns_of_job(job);
  const row_tiles mine = split_rows(p, me, threads);
  const long column_panels = ck_groups(p->columns, CK_PANEL);
  setting setting = {-1, -1};
  panels rows = {.product = p, .plan = plan, .operand = rows_of_job(job), .origin = 16 * mine.first,
                 .limit = ck_min(16 * mine.last, p->rows),
                 .buffers = job->workspace + 2 * plan.whole + 2 * (size_t)me * plan.panel};
  for (long start = 0, turn = 0; start < p->inner; start += plan.slab, turn++) {
    const long depth = ck_min(plan.slab, p->inner - start), all_steps = ck_groups(depth, CK_STEP) * column_panels;
    const char *columns = (const char *)p->packed;
    long column_bytes = panel_bytes(p->parts, p->inner);
    if (plan.packs_whole) {
      char *whole = job->workspace + (size_t)(turn & 1) * plan.whole;
      column_bytes = panel_bytes(p->parts, depth);
      for (long j = column_panels * me / threads; j < column_panels * (me + 1) / threads; j++)
        ck_pack_panel_columns(p->parts, &b, j * CK_PANEL, ck_min(CK_PANEL, p->columns - j * CK_PANEL), start, depth,
                              whole + j * column_bytes);
      columns = whole;
      if (threads > 1) ck_barrier();
    }
    for (long i = 0; i < panels_of(mine); i++) {
      block block = rows_of_panel(p, mine, i);
      const char *panel = take(&rows, (place){start, i}, all_steps);
      set_tiles(p, block, column_panels, ck_groups(depth, CK_STEP), &setting);
      for (long k = 0; k < depth; k += plan.stretch) {
        const long steps = ck_groups(ck_min(plan.stretch, depth - k), CK_STEP), offset = panel_bytes(p->parts, k);
        for (long j = 0; j < column_panels; j++) {
          block.column = j * CK_PANEL;
          block.columns = ck_min(CK_PANEL, p->columns - block.column);
          multiply_block(job, block, setting, start + k == 0, start + k + plan.stretch >= p->inner, steps,
                         panel + offset, columns + j * column_bytes + offset, &rows.aside);
        }
      }
    }
  }
}

CK_TILE_TARGET static void multiply_by_columns(const job *job, int me, int threads) {
  const ck_tile_product *p = job->product;
  const plan plan = job->plan;
  const ck_operand a = rows_of_job(job);
  const row_tiles all = split_rows(p, 0, 1);
  const long row_panels = panels_of(all), column_panels = ck_groups(p->columns, CK_PANEL);
  const long begin = column_panels * me / threads, end = column_panels * (me + 1) / threads;
  setting setting = {-1, -1};
  panels columns = {.product = p, .plan = plan, .operand = columns_of_job(job), .origin = begin * CK_PANEL,
                    .limit = ck_min(end * CK_PANEL, p->columns),
                    .buffers = job->workspace + 2 * plan.whole + 2 * (size_t)me * plan.panel};
  for (long start = 0, turn = 0; start < p->inner; start += plan.slab, turn++) {
    const long depth = ck_min(plan.slab, p->inner - start), row_bytes = panel_bytes(p->parts, depth);
    char *whole = job->workspace + (size_t)(turn & 1) * plan.whole;
    for (long i = row_panels * me / threads; i < row_panels * (me + 1) / threads; i++) {
      block block = rows_of_panel(p, all, i);
      pack_rows(job, a, block, start, depth, whole + i * row_bytes);
    }
    if (threads > 1) ck_barrier();
    for (long j = begin; j < end; j++) {
      const char *panel = take(&columns, (place){start, j - begin}, ck_groups(depth, CK_STEP) * row_panels);
      for (long k = 0; k < depth; k += plan.stretch) {
        const long steps = ck_groups(ck_min(plan.stretch, depth - k), CK_STEP), offset = panel_bytes(p->parts, k);
        for (long i = 0; i < row_panels; i++) {
          block block = rows_of_panel(p, all, i);
          block.column = j * CK_PANEL;
          block.columns = ck_min(CK_PANEL, p->columns - block.column);
          set_tiles(p, block, 1, steps, &setting);
          multiply_block(job, block, setting, start + k == 0, start + k + plan.stretch >= p->inner, steps,
                         whole + i * row_bytes + offset, panel + offset, &columns.aside);
        }
      }
    }
  }
}

CK_TILE_TARGET static void multiply(void *context, int me, int threads) {
  const job *job = context;
  if (job->plan.by_columns)
    multiply_by_columns(job, me, threads);
  else
    multiply_by_rows(job, me, threads);
  _mm_sfence();
  _tile_release();
}

void ck_tile_multiply(const ck_tile_product *p, void *workspace, int threads) {
  if (p->rows <= 0 || p->columns <= 0) return;
  job job = {.product = p, .plan = make_plan(p), .workspace = workspace};
  ck_team(threads, &job, multiply);
}

void ck_tile_multiply_lines(const ck_tile_product *p, const float *const *a, const float *const *b, void *workspace,
                            int threads) {
  if (p->rows <= 0 || p->columns <= 0) return;
  job job = {.product = p, .plan = make_plan(p), .a_lines = a, .b_lines = b, .workspace = workspace};
  ck_team(threads, &job, multiply);
}

// The rows of so many images at once that they, packed, leave room in the second-level cache for what passes by.
static long images_at_once(const ck_tile_product *p, long images) {
  long row_bytes = panel_bytes(p->parts, p->inner) / CK_PANEL * (p->rows / images);
  return ck_max(CK_SLAB_BYTES / 2 / row_bytes, 1);
}

static plan plan_for_images(ck_tile_product *p, long images, long count) {
  p->rows = p->rows / images * ck_min(count, images_at_once(p, images));
  plan plan = make_plan(p);
  plan.by_columns = true;
  plan.packs_whole = true;
  plan.slab = p->inner;
  plan.whole = (size_t)(ck_groups(p->rows, CK_PANEL) * panel_bytes(p->parts, p->inner));
  plan.panel = (size_t)panel_bytes(p->parts, p->inner);
  return plan;
}

size_t ck_tile_images_workspace(const ck_tile_product *product, long images, long count) {
  ck_tile_product p = *product;
  plan plan = plan_for_images(&p, images, count);
  return 2 * plan.whole + 2 * plan.panel;
}

void ck_tile_multiply_images(const ck_tile_product *product, long images, long begin, long end, void *workspace) {
  if (product->rows <= 0 || product->columns <= 0) return;
  const long slots = product->rows / images, most = images_at_once(product, images);
  for (; begin < end; begin += most) {
    ck_tile_product p = *product;
    plan plan = plan_for_images(&p, images, end - begin);
    job job = {.product = &p, .plan = plan, .placing = {images, begin, p.rows / slots}, .workspace = workspace};
    multiply(&job, 0, 1);
  }
}

size_t ck_tile_packed_size(int parts, long inner, long columns) {
  return (size_t)(ck_groups(columns, CK_PANEL) * panel_bytes(parts, inner));
}

typedef struct {
  ck_operand operand;
  int parts;
  char *packed;
} packing;

static void pack(void *context, int me, int threads) {
  const packing *p = context;
  const ck_operand *o = &p->operand;
  long panels = ck_groups(o->width, CK_PANEL);
  for (long j = panels * me / threads; j < panels * (me + 1) / threads; j++)
    ck_pack_panel_columns(p->parts, o, j * CK_PANEL, ck_min(CK_PANEL, o->width - j * CK_PANEL), 0, o->depth,
                          p->packed + j * panel_bytes(p->parts, o->depth));
}

void ck_tile_pack(int parts, const float *b, long leading, bool transposed, long inner, long columns, void *packed,
                  int threads) {
  packing job = {{b, leading, columns, inner, transposed, 1, NULL}, parts, packed};
  ck_team(threads, &job, pack);
}

#else

size_t ck_tile_workspace(const ck_tile_product *p, int threads) { return 0; }
void ck_tile_multiply(const ck_tile_product *p, void *workspace, int threads) { __builtin_trap(); }
void ck_tile_multiply_lines(const ck_tile_product *p, const float *const *a, const float *const *b, void *workspace,
                            int threads) {
  __builtin_trap();
}
size_t ck_tile_images_workspace(const ck_tile_product *p, long images, long count) { return 0; }
void ck_tile_multiply_images(const ck_tile_product *p, long images, long begin, long end, void *workspace) {
  __builtin_trap();
}
size_t ck_tile_packed_size(int parts, long inner, long columns) { return 0; }
void ck_tile_pack(int parts, const float *b, long leading, bool transposed, long inner, long columns, void *packed,
                  int threads) {
  __builtin_trap();
}

#endif

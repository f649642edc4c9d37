#include "tile_block.h"
#include "tile_numbers.h"

#if CK_TILES

// A result as large as this does not stay in the caches: it is written past them.
enum { CK_STREAM_BYTES = 8 << 20 };

static bool together(ck_placing at, long row, long rows) {
  return at.count == 0 || ck_row_at(at, row + rows - 1) - ck_row_at(at, row) == rows - 1;
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

// What the sums of a block begin with: at first beta times what was there and the bias, later what is there.
CK_TILE_TARGET static void begin_in_memory(const ck_tile_job *job, ck_block b, bool first, float (*sums)[CK_PANEL]) {
  const ck_tile_product *p = job->product;
  for (long i = 0; i < b.rows; i++) {
    const long row = ck_row_at(job->placing, b.row + i);
    const float *c = p->c + row * p->c_leading + b.column;
    for (long j = 0; j < CK_PANEL; j += 16) {
      const __mmask16 mask = first_lanes(b.columns - j);
      __m512 x = _mm512_setzero_ps();
      if (!first || p->beta != 0) x = _mm512_maskz_loadu_ps(mask, c + j);
      if (first && p->beta != 0) x = _mm512_mul_ps(x, _mm512_set1_ps(p->beta));
      if (first && row < p->biased_rows)
        x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(mask, p->bias + b.column + j));
      _mm512_store_ps(sums[i] + j, x);
    }
  }
}

CK_TILE_TARGET static void copy_out(const ck_tile_job *job, ck_block b, bool stream, float (*sums)[CK_PANEL]) {
  const ck_tile_product *p = job->product;
  for (long i = 0; i < b.rows; i++) {
    float *c = p->c + ck_row_at(job->placing, b.row + i) * p->c_leading + b.column;
    for (long j = 0; j < b.columns; j += 16) {
      if (stream)
        _mm512_stream_ps(c + j, _mm512_load_ps(sums[i] + j));
      else
        _mm512_mask_storeu_ps(c + j, first_lanes(b.columns - j), _mm512_load_ps(sums[i] + j));
    }
  }
}

// Whether whole lines of the result are to be written past the caches.
static bool streams(const ck_tile_product *p, ck_block b) {
  return b.columns == CK_PANEL && p->rows * p->columns * 4 >= CK_STREAM_BYTES &&
         (((size_t)(p->c + b.column) | (size_t)p->c_leading * 4) & 63) == 0;
}

// Sets the tiles for `uses` blocks of so many steps. Setting them anew costs as much as about 20 products of tiles: for
// less, a short tile is taken for a full one, whose other rows are zeros.
void ck_set_tiles(const ck_tile_product *p, ck_block b, long uses, long steps, ck_tile_setting *now) {
  long short_rows = ck_groups(b.rows, 16) * 16 - b.rows, products = 2 * uses * steps * (p->parts == 1 ? 1 : 3);
  ck_tile_setting wanted = {16, 16};
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

CK_TILE_TARGET void ck_multiply_block(const ck_tile_job *job, ck_block b, ck_tile_setting setting, bool first,
                                      bool last, long steps, const char *rows, const char *columns, ck_interleaved *interleaved) {
  float sums[CK_PANEL][CK_PANEL] __attribute__((aligned(64)));
  const ck_tile_product *p = job->product;
  size_t stride = (size_t)p->c_leading * 4;
  const bool one = b.rows <= 16, full = b.upper == setting.upper && (one || b.rows - b.upper == setting.lower);
  const bool stream = last && streams(p, b);
  const long upper_row = ck_row_at(job->placing, b.row);
  const long lower_row = one ? upper_row : ck_row_at(job->placing, b.row + 16);
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
    ck_accumulate(1, true, steps, rows, columns, interleaved);
  else if (p->parts == 1)
    ck_accumulate(1, false, steps, rows, columns, interleaved);
  else if (one)
    ck_accumulate(2, true, steps, rows, columns, interleaved);
  else
    ck_accumulate(2, false, steps, rows, columns, interleaved);
  _tile_stored(0, to, stride);
  _tile_stored(1, to + 16, stride);
  if (!one) {
    _tile_stored(2, lower_to, stride);
    _tile_stored(3, lower_to + 16, stride);
  }
  if (!loads || stream) copy_out(job, b, stream, sums);
}

#endif

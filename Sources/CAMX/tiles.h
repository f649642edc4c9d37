// What the kernels on matrix tiles (AMX) share. A tile holds 16 rows of 64 bytes; one instruction multiplies a tile of
// 16 x 32 bfloat16 numbers by one of 32 x 16 and adds the product to a tile of 16 x 16 float32 numbers.
//
// Operands are packed for it: a panel is 32 rows of A or 32 columns of B over the whole reduction, and for each step of
// 32 along the reduction holds, one after another, the two tiles of the high halves and, with two parts, the two tiles
// of the low halves. A row of an A tile is 32 numbers along the reduction; row j of a B tile is the numbers 2 j and
// 2 j + 1 along the reduction, interleaved, for 16 columns.

#ifndef CAMX_TILES_H
#define CAMX_TILES_H

#include "CAMX.h"

// The instructions: emulated ones where that is asked for, on any processor; else those of x86-64, which ck_has_tiles
// must have found; else none, and with them none of the functions. CK_TILE_SPECIALIZED is for functions that are
// compiled anew for each use, with what is constant there: for speed alone.
#if defined(CK_EMULATE_TILES)
#define CK_TILES 1
#include "emulation/tile_intrinsics_emulated.h"
#define CK_TILE_TARGET
#define CK_TILE_SPECIALIZED
#elif defined(__x86_64__)
#define CK_TILES 1
#include <immintrin.h>
#define CK_TILE_TARGET \
  __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma,bmi2")))
#define CK_TILE_SPECIALIZED __attribute__((always_inline))
#else
#define CK_TILES 0
#endif

#if CK_TILES

enum { CK_PANEL = 32, CK_STEP = 32, CK_TILE_BYTES = 1024 };

static inline long ck_min(long a, long b) { return a < b ? a : b; }
static inline long ck_max(long a, long b) { return a > b ? a : b; }
/// ceil(a / b)
static inline long ck_groups(long a, long b) { return (a + b - 1) / b; }
/// Bytes of one panel's step.
static inline long ck_step_bytes(int parts) { return 2 * (long)parts * CK_TILE_BYTES; }
/// Bytes of a panel.
static inline long ck_panel_bytes(int parts, long depth) { return ck_groups(depth, CK_STEP) * ck_step_bytes(parts); }

/// A float32 matrix as an operand: `width` rows of A or columns of B, `depth` along the reduction.
typedef struct {
  const float *data;
  long leading, width, depth;
  bool depth_contiguous;  ///< whether neighbours along the reduction are neighbours in memory
  float scale;
  /// Where each row of memory lies, instead of `data` and `leading`; or none.
  const float *const *lines;
} ck_operand;

/// Packs `width` <= 32 of the operand from `first` on, over `depth` from `start` on: 16 into the first tile of a step, the
/// rest into the second. What the tiles hold beyond is zero.
void ck_pack_panel_rows(int parts, const ck_operand *operand, long first, long width, long start, long depth,
                        char *panel);
void ck_pack_panel_columns(int parts, const ck_operand *operand, long first, long width, long start, long depth,
                           char *panel);

/// Packs one thread's share of all columns, over `depth` from `start` on: panel after panel.
void ck_pack_columns(int parts, const ck_operand *operand, long start, long depth, char *packed, int me, int threads);

/// Makes tiles 0...3 accumulators of two row tiles by two column tiles, 4 and 5 the row tiles, 6 and 7 the column tiles.
/// A tile that is not used needs a row all the same.
CK_TILE_TARGET static inline void ck_configure_tiles(long upper, long lower) {
  struct {
    unsigned char palette, start, reserved[14];
    unsigned short bytes[16];
    unsigned char rows[16];
  } c __attribute__((aligned(64))) = {.palette = 1};
  unsigned char u = (unsigned char)upper, l = (unsigned char)ck_max(lower, 1);
  const unsigned char rows[8] = {u, u, l, l, u, l, 16, 16};
  for (int i = 0; i < 8; i++) {
    c.bytes[i] = 64;
    c.rows[i] = rows[i];
  }
  _tile_loadconfig(&c);
}

/// Memory fetched into the second-level cache a line at a time: rows of `row_lines` lines, then `skip` bytes on. Many lines
/// at once would keep the loads of tiles waiting.
typedef struct {
  const char *line;
  long row_lines, skip, lines;  ///< `lines` in all
  long left, due, pace;         ///< left of the row; lines due, and that become due each time, in parts of 65536
} ck_fetch;

static inline __attribute__((always_inline)) void ck_fetch_lines(ck_fetch *f) {
  for (f->due += f->pace; f->due >= 65536 && f->lines > 0; f->due -= 65536, f->lines--) {
    __builtin_prefetch(f->line, 0, 2);
    f->line += 64;
    if (--f->left > 0) continue;
    f->left = f->row_lines;
    f->line += f->skip;
  }
}

/// Work done piece by piece between the steps of a product, whose instructions leave the vector units idle: a panel to be
/// packed a tile at a time, and memory fetched ahead.
typedef struct {
  int parts;
  bool columns;  ///< whether the panel is one of B
  const ck_operand *operand;
  long first, width, start, depth;
  char *panel;
  long done, pieces;  ///< two to a step along the reduction
  long due, pace;     ///< pieces due, and that become due with each step, in parts of 65536
  ck_fetch fetch;
} ck_interleaved;

void ck_interleaved_piece(ck_interleaved *interleaved);

static inline __attribute__((always_inline)) void ck_interleaved_step(ck_interleaved *interleaved) {
  if (interleaved->done >= interleaved->pieces) return;
  for (interleaved->due += interleaved->pace; interleaved->due >= 65536; interleaved->due -= 65536) ck_interleaved_piece(interleaved);
}
/// Spreads the work over so many steps.
static inline void ck_interleaved_spread(ck_interleaved *interleaved, long steps) {
  interleaved->due = interleaved->fetch.due = 0;
  interleaved->pace = interleaved->pieces * 65536 / ck_max(steps, 1) + 1;
  interleaved->fetch.left = interleaved->fetch.row_lines;
  interleaved->fetch.pace = interleaved->fetch.lines * 65536 / ck_max(steps * (interleaved->parts == 1 ? 2 : 6), 1) + 1;
}
static inline void ck_interleaved_finish(ck_interleaved *interleaved) {
  while (interleaved->done < interleaved->pieces) ck_interleaved_piece(interleaved);
}

/// Adds the products of `steps` steps of a row panel and a column panel to tiles 0...3; of a row panel that has one tile
/// only, to tiles 0 and 1. For each sum the order is: low x high, high x high, high x low, step by step. One tile of B at
/// a time, used twice or more, is faster than two, and so is leaving a tile unused: loads then wait less for a free one.
CK_TILE_TARGET static inline CK_TILE_SPECIALIZED void ck_accumulate(int parts, bool one, long steps, const char *a,
                                                                    const char *b, ck_interleaved *interleaved) {
#define CK_LOAD_ROWS(at)                \
  _tile_loadd(4, a + (at)*CK_TILE_BYTES, 64); \
  if (!one) _tile_loadd(5, a + ((at) + 1) * CK_TILE_BYTES, 64);
#define CK_LOAD_COLUMN(at) _tile_loadd(6, b + (at)*CK_TILE_BYTES, 64);
#define CK_LEFT            \
  _tile_dpbf16ps(0, 4, 6); \
  if (!one) _tile_dpbf16ps(2, 5, 6);
#define CK_RIGHT           \
  _tile_dpbf16ps(1, 4, 6); \
  if (!one) _tile_dpbf16ps(3, 5, 6);
#define CK_FETCH ck_fetch_lines(&interleaved->fetch);
  long size = ck_step_bytes(parts);
  for (long s = 0; s < steps; s++, a += size, b += size) {
    if (parts == 1) {
      CK_LOAD_ROWS(0) CK_LOAD_COLUMN(0) CK_LEFT CK_FETCH CK_LOAD_COLUMN(1) CK_RIGHT CK_FETCH
    } else {
      CK_LOAD_ROWS(2) CK_LOAD_COLUMN(0) CK_LEFT CK_FETCH CK_LOAD_COLUMN(1) CK_RIGHT CK_FETCH
      CK_LOAD_ROWS(0) CK_RIGHT CK_FETCH CK_LOAD_COLUMN(0) CK_LEFT CK_FETCH
      CK_LOAD_COLUMN(2) CK_LEFT CK_FETCH CK_LOAD_COLUMN(3) CK_RIGHT CK_FETCH
    }
    ck_interleaved_step(interleaved);
  }
#undef CK_LOAD_ROWS
#undef CK_LOAD_COLUMN
#undef CK_LEFT
#undef CK_FETCH
#undef CK_RIGHT
}

#endif
#endif

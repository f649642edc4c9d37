// What the kernels on matrix tiles (AMX) share. A tile holds 16 rows of 64 bytes; one instruction multiplies a tile of
// 16 x 32 bfloat16 numbers by one of 32 x 16 and adds the product to a tile of 16 x 16 float32 numbers.
//
// Operands are packed for it: a panel is 32 rows of A or 32 columns of B over the whole reduction, and for each step of
// 32 along the reduction holds, one after another, the two tiles of the high halves and, with two parts, the two tiles
// of the low halves. A row of an A tile is 32 numbers along the reduction; row j of a B tile is the numbers 2 j and
// 2 j + 1 along the reduction, interleaved, for 16 columns.

#ifndef CKERNELS_TILES_H
#define CKERNELS_TILES_H

#include "CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define CK_TILE_TARGET \
  __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma,bmi2")))

enum { CK_PANEL = 32, CK_STEP = 32, CK_TILE_BYTES = 1024 };

static inline long ck_min(long a, long b) { return a < b ? a : b; }
static inline long ck_max(long a, long b) { return a > b ? a : b; }
/// ceil(a / b)
static inline long ck_groups(long a, long b) { return (a + b - 1) / b; }
/// Bytes of one panel's step.
static inline long ck_step_bytes(int parts) { return 2 * (long)parts * CK_TILE_BYTES; }

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

/// Adds the products of `steps` steps of a row panel and a column panel to tiles 0...3; of a row panel that has one tile
/// only, to tiles 0 and 1.
CK_TILE_TARGET static inline __attribute__((always_inline)) void ck_accumulate(int parts, bool one, long steps,
                                                                              const char *a, const char *b) {
#define CK_LOAD_ROWS(at)                                \
  _tile_loadd(4, a + (at)*CK_TILE_BYTES, 64);           \
  if (!one) _tile_loadd(5, a + ((at) + 1) * CK_TILE_BYTES, 64);
#define CK_LOAD_COLUMNS(at)                   \
  _tile_loadd(6, b + (at)*CK_TILE_BYTES, 64); \
  _tile_loadd(7, b + ((at) + 1) * CK_TILE_BYTES, 64);
#define CK_PRODUCTS        \
  _tile_dpbf16ps(0, 4, 6); \
  _tile_dpbf16ps(1, 4, 7); \
  if (!one) {              \
    _tile_dpbf16ps(2, 5, 6); \
    _tile_dpbf16ps(3, 5, 7); \
  }
  long size = ck_step_bytes(parts);
  for (long s = 0; s < steps; s++, a += size, b += size) {
    if (parts == 1) {
      CK_LOAD_ROWS(0) CK_LOAD_COLUMNS(0) CK_PRODUCTS
    } else {
      // low x high, high x high, high x low: two tiles stay from one to the next.
      CK_LOAD_ROWS(2) CK_LOAD_COLUMNS(0) CK_PRODUCTS
      CK_LOAD_ROWS(0) CK_PRODUCTS
      CK_LOAD_COLUMNS(2) CK_PRODUCTS
    }
  }
#undef CK_LOAD_ROWS
#undef CK_LOAD_COLUMNS
#undef CK_PRODUCTS
}

#endif
#endif

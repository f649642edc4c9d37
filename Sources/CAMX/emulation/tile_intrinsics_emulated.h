// The instructions on matrix tiles (AMX, with BF16) in plain C: the same names, the same results, on any processor,
// some thousand times slower. With them the kernels on tiles are tested where there are none.
//
// Numbers come out bit by bit as the operations of Intel's Software Developer's Manual (volume 2, TDPBF16PS) have them,
// but for the bits of what is not a number. What a processor refuses (a tile that is not configured, sizes that do not
// fit) ends the program and says why.

#ifndef CAMX_TILE_INTRINSICS_EMULATED_H
#define CAMX_TILE_INTRINSICS_EMULATED_H

#include "vector_intrinsics_emulated.h"

#include <math.h>

enum { CK_EMULATED_TILES = 8, CK_EMULATED_ROWS = 16, CK_EMULATED_BYTES = 64 };

/// The tiles of one thread: of each the rows and the bytes of a row that it is configured to, none of either at first.
/// What a tile holds beyond is zero.
typedef struct {
  unsigned char rows[CK_EMULATED_TILES];
  unsigned short bytes[CK_EMULATED_TILES];
  unsigned char data[CK_EMULATED_TILES][CK_EMULATED_ROWS][CK_EMULATED_BYTES];
} ck_emulated_tiles;

/// One file of the program that uses this header defines them.
extern _Thread_local ck_emulated_tiles ck_thread_tiles;

static inline void ck_emulated_check_tile(int tile) {
  if (tile < 0 || tile >= CK_EMULATED_TILES) ck_emulated_fault("there is no such tile");
  if (ck_thread_tiles.rows[tile] == 0) ck_emulated_fault("the tile is not configured");
  if (ck_thread_tiles.bytes[tile] % 4 != 0) ck_emulated_fault("the tile's rows are not whole numbers of 32 bits");
}

CK_EMULATED void _tile_release(void) { memset(&ck_thread_tiles, 0, sizeof ck_thread_tiles); }

/// From 64 bytes: the palette, the row to begin with, 14 zeros, the bytes of a row of 16 tiles (16 bits each), their
/// rows (8 bits each). Palette 0 has no tiles, palette 1 the eight here. Configuring tiles makes them zero.
CK_EMULATED void _tile_loadconfig(const void *configuration) {
  const unsigned char *c = configuration;
  ck_emulated_tiles tiles;
  memset(&tiles, 0, sizeof tiles);
  if (c[0] > 1) ck_emulated_fault("the palette is unknown");
  for (int i = 1; i < 16; i++)
    if (c[0] == 1 && c[i] != 0) ck_emulated_fault("the first row, or a reserved byte, is not zero");
  for (int i = 0; i < 16 && c[0] == 1; i++) {
    unsigned short bytes;
    memcpy(&bytes, c + 16 + 2 * i, sizeof bytes);
    const unsigned char rows = c[48 + i];
    if (rows > CK_EMULATED_ROWS || bytes > CK_EMULATED_BYTES || (rows == 0) != (bytes == 0))
      ck_emulated_fault("a tile's size is impossible");
    if (i >= CK_EMULATED_TILES) {
      if (rows != 0) ck_emulated_fault("there are not so many tiles");
      continue;
    }
    tiles.rows[i] = rows;
    tiles.bytes[i] = bytes;
  }
  ck_thread_tiles = tiles;
}

CK_EMULATED void _tile_zero(int tile) {
  ck_emulated_check_tile(tile);
  memset(ck_thread_tiles.data[tile], 0, sizeof ck_thread_tiles.data[tile]);
}

CK_EMULATED void _tile_loadd(int tile, const void *from, size_t stride) {
  _tile_zero(tile);
  for (int row = 0; row < ck_thread_tiles.rows[tile]; row++)
    memcpy(ck_thread_tiles.data[tile][row], (const char *)from + (size_t)row * stride, ck_thread_tiles.bytes[tile]);
}

CK_EMULATED void _tile_stream_loadd(int tile, const void *from, size_t stride) { _tile_loadd(tile, from, stride); }

CK_EMULATED void _tile_stored(int tile, void *to, size_t stride) {
  ck_emulated_check_tile(tile);
  for (int row = 0; row < ck_thread_tiles.rows[tile]; row++)
    memcpy((char *)to + (size_t)row * stride, ck_thread_tiles.data[tile][row], ck_thread_tiles.bytes[tile]);
}

/// A bfloat16 number, and a float32 one, as instructions on tiles take them: denormal ones are zeros.
static inline double ck_emulated_operand(float number) {
  return fabsf(number) < 0x1p-126f ? copysign(0, number) : number;
}
static inline double ck_emulated_half_operand(uint16_t half) {
  const uint32_t bits = (uint32_t)half << 16;
  float number;
  memcpy(&number, &bits, sizeof number);
  return ck_emulated_operand(number);
}

/// x rounded to float32, ties to even. What, rounded to 24 bits, is less than the least normal number becomes zero.
static inline double ck_emulated_float32(double x) {
  return fabs(x) < 0x1p-126 - 0x1p-151 ? copysign(0, x) : (double)(float)x;
}

/// c += a b, for rows of pairs of bfloat16 numbers: the products of a pair's first numbers and those of its second
/// numbers are summed each by themselves, in fused multiplications and additions; the two sums are added, and then that
/// to c.
///
/// In double precision a product of bfloat16 numbers is exact, and its sum with a float32 number is exact or so far
/// from a tie that rounding twice is rounding once: the product has 16 bits. Two float32 numbers' sum is the same
/// either way as well, since double precision has more than twice the bits.
CK_EMULATED void _tile_dpbf16ps(int c, int a, int b) {
  ck_emulated_tiles *t = &ck_thread_tiles;
  ck_emulated_check_tile(a);
  ck_emulated_check_tile(b);
  ck_emulated_check_tile(c);
  if (a == b || a == c || b == c) ck_emulated_fault("a product needs three tiles");
  if (t->rows[c] != t->rows[a] || t->bytes[c] != t->bytes[b] || t->bytes[a] / 4 != t->rows[b])
    ck_emulated_fault("the tiles' sizes do not fit a product");
  const int pairs = t->rows[b], columns = t->bytes[b] / 4;
  double right[CK_EMULATED_ROWS][2 * CK_EMULATED_ROWS];
  for (int k = 0; k < pairs; k++)
    for (int j = 0; j < 2 * columns; j++) {
      uint16_t half;
      memcpy(&half, t->data[b][k] + 2 * j, sizeof half);
      right[k][j] = ck_emulated_half_operand(half);
    }
  for (int row = 0; row < t->rows[c]; row++) {
    double sums[2 * CK_EMULATED_ROWS] = {0};
    for (int k = 0; k < pairs; k++) {
      uint16_t pair[2];
      memcpy(pair, t->data[a][row] + 4 * k, sizeof pair);
      const double left[2] = {ck_emulated_half_operand(pair[0]), ck_emulated_half_operand(pair[1])};
      for (int j = 0; j < 2 * columns; j++) sums[j] = ck_emulated_float32(sums[j] + left[j & 1] * right[k][j]);
    }
    for (int column = 0; column < columns; column++) {
      float sum;
      memcpy(&sum, t->data[c][row] + 4 * column, sizeof sum);
      const double both = ck_emulated_float32(sums[2 * column] + sums[2 * column + 1]);
      sum = (float)ck_emulated_float32(ck_emulated_operand(sum) + both);
      memcpy(t->data[c][row] + 4 * column, &sum, sizeof sum);
    }
  }
}

#endif

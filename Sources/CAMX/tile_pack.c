#include "tile_numbers.h"

#if CK_TILES
// Line i of the operand; where lines are scattered and that one does not exist, another, of which nothing is read.
INLINE const float *line(bool scattered, const ck_operand *o, long i, bool exists, long other) {
  return scattered ? o->lines[exists ? i : other] : o->data + i * o->leading;
}

// Packs one tile: `width` <= 16 lines of the operand from `first` on, up to 32 along the reduction from `start` on.
INLINE void pack_tile(int parts, bool contiguous, bool transposing, bool scaling, bool scattered, const ck_operand *o,
                      long first, long width, long start, long depth, char *high, char *low) {
  __m512i h[16], l[16];
  __m512 scale = _mm512_set1_ps(o->scale);
  const __m512i upper_words = _mm512_set_epi16(63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33, 31, 29,
                                               27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
#pragma clang loop unroll(full)
  for (long i = 0; i < 16; i++) {
    __m512 x0, x1;
    if (contiguous) {  // one line, 32 neighbours along the reduction
      bool inside = i < width;
      const float *x = line(scattered, o, first + i, inside, 0) + start;
      x0 = _mm512_maskz_loadu_ps(inside ? first_lanes(depth) : 0, x);
      x1 = _mm512_maskz_loadu_ps(inside ? first_lanes(depth - 16) : 0, x + 16);
    } else {  // two steps along the reduction of 16 lines
      bool one = 2 * i < depth, two = 2 * i + 1 < depth;
      const float *x = line(scattered, o, start + 2 * i, one, start) + first;
      const float *y = line(scattered, o, start + 2 * i + 1, two, start) + first;
      x0 = _mm512_maskz_loadu_ps(one ? first_lanes(width) : 0, x);
      x1 = _mm512_maskz_loadu_ps(two ? first_lanes(width) : 0, y);
    }
    if (scaling) {
      x0 = _mm512_mul_ps(x0, scale);
      x1 = _mm512_mul_ps(x1, scale);
    }
    if (parts == 1) {
      h[i] = contiguous ? (__m512i)_mm512_cvtne2ps_pbh(x1, x0) : interleaved(x0, x1);
    } else {
      __m512i h0 = high_half(x0), h1 = high_half(x1);
      x0 = _mm512_sub_ps(x0, (__m512)h0);
      x1 = _mm512_sub_ps(x1, (__m512)h1);
      h[i] = contiguous ? _mm512_permutex2var_epi16(h0, upper_words, h1)
                        : _mm512_or_si512(_mm512_srli_epi32(h0, 16), h1);
      l[i] = contiguous ? (__m512i)_mm512_cvtne2ps_pbh(x1, x0) : interleaved(x0, x1);
    }
    if (!transposing) {
      _mm512_store_si512(high + 64 * i, h[i]);
      if (parts > 1) _mm512_store_si512(low + 64 * i, l[i]);
    }
  }
  if (transposing) {
    transpose(h);
    for (int i = 0; i < 16; i++) _mm512_store_si512(high + 64 * i, h[i]);
    if (parts > 1) {
      transpose(l);
      for (int i = 0; i < 16; i++) _mm512_store_si512(low + 64 * i, l[i]);
    }
  }
}

// One tile of a panel: the half `piece` & 1 of the step `piece` / 2. Only A is scaled.
INLINE void pack_piece(int parts, bool contiguous, bool transposing, bool scattered, const ck_operand *o, long first,
                       long width, long start, long depth, char *panel, long piece) {
  const long upper = ck_min(width, 16), k = piece / 2 * CK_STEP, half = piece & 1;
  char *to = panel + piece / 2 * ck_step_bytes(parts) + half * CK_TILE_BYTES;
  pack_tile(parts, contiguous, transposing, contiguous != transposing, scattered, o, half ? first + upper : first,
            half ? width - upper : upper, start + k, ck_min(depth - k, CK_STEP), to, to + 2 * CK_TILE_BYTES);
}

INLINE void pack_pieces(int parts, bool contiguous, bool transposing, bool scattered, const ck_operand *o, long first,
                        long width, long start, long depth, char *panel) {
  for (long piece = 0; piece < 2 * ck_groups(depth, CK_STEP); piece++)
    pack_piece(parts, contiguous, transposing, scattered, o, first, width, start, depth, panel, piece);
}

INLINE void pack_panel(int parts, bool contiguous, bool transposing, const ck_operand *o, long first, long width,
                       long start, long depth, char *panel) {
  if (o->lines)
    pack_pieces(parts, contiguous, transposing, true, o, first, width, start, depth, panel);
  else
    pack_pieces(parts, contiguous, transposing, false, o, first, width, start, depth, panel);
}

CK_TILE_TARGET void ck_pack_panel_rows(int parts, const ck_operand *o, long first, long width, long start, long depth,
                                       char *panel) {
  if (parts == 1 && o->depth_contiguous)
    pack_panel(1, true, false, o, first, width, start, depth, panel);
  else if (parts == 1)
    pack_panel(1, false, true, o, first, width, start, depth, panel);
  else if (o->depth_contiguous)
    pack_panel(2, true, false, o, first, width, start, depth, panel);
  else
    pack_panel(2, false, true, o, first, width, start, depth, panel);
}

CK_TILE_TARGET void ck_pack_panel_columns(int parts, const ck_operand *o, long first, long width, long start,
                                          long depth, char *panel) {
  if (parts == 1 && o->depth_contiguous)
    pack_panel(1, true, true, o, first, width, start, depth, panel);
  else if (parts == 1)
    pack_panel(1, false, false, o, first, width, start, depth, panel);
  else if (o->depth_contiguous)
    pack_panel(2, true, true, o, first, width, start, depth, panel);
  else
    pack_panel(2, false, false, o, first, width, start, depth, panel);
}

// Fetches a step of a panel of columns, as the rows of memory that it lies in.
static void fetch_step(const ck_operand *b, long start, long column) {
  const long end = ck_min(start + CK_STEP, b->depth);
  for (long k = start; k < end; k++) {
    const float *row = b->data + k * b->leading + column;
    __builtin_prefetch(row, 0, 2);
    __builtin_prefetch(row + 16, 0, 2);
  }
}

// In the order in which they lie in memory, so that they are there in time: whole panels, or a step of all panels.
void ck_pack_columns(int parts, const ck_operand *b, long start, long depth, char *packed, int me, int threads) {
  const long panels = ck_groups(b->width, CK_PANEL), bytes = ck_panel_bytes(parts, depth);
  if (b->depth_contiguous) {
    for (long j = panels * me / threads; j < panels * (me + 1) / threads; j++)
      ck_pack_panel_columns(parts, b, j * CK_PANEL, ck_min(CK_PANEL, b->width - j * CK_PANEL), start, depth,
                            packed + j * bytes);
    return;
  }
  const long steps = ck_groups(depth, CK_STEP);
  for (long k = steps * me / threads * CK_STEP; k < steps * (me + 1) / threads * CK_STEP; k += CK_STEP)
    for (long j = 0; j < panels; j++) {
      if (!b->lines) fetch_step(b, start + k + 2 * CK_STEP, j * CK_PANEL);
      ck_pack_panel_columns(parts, b, j * CK_PANEL, ck_min(CK_PANEL, b->width - j * CK_PANEL), start + k,
                            ck_min(CK_STEP, depth - k), packed + j * bytes + ck_panel_bytes(parts, k));
    }
}

INLINE void pack_interleaved(bool contiguous, bool transposing, bool scattered, const ck_interleaved *a, long piece) {
  if (a->parts == 1)
    pack_piece(1, contiguous, transposing, scattered, a->operand, a->first, a->width, a->start, a->depth, a->panel, piece);
  else
    pack_piece(2, contiguous, transposing, scattered, a->operand, a->first, a->width, a->start, a->depth, a->panel, piece);
}

CK_TILE_TARGET void ck_interleaved_piece(ck_interleaved *interleaved) {
  const bool contiguous = interleaved->operand->depth_contiguous, scattered = interleaved->operand->lines;
  const long piece = interleaved->done++;
  if (scattered && contiguous)
    pack_interleaved(true, interleaved->columns, true, interleaved, piece);
  else if (scattered)
    pack_interleaved(false, !interleaved->columns, true, interleaved, piece);
  else if (contiguous)
    pack_interleaved(true, interleaved->columns, false, interleaved, piece);
  else
    pack_interleaved(false, !interleaved->columns, false, interleaved, piece);
}
#endif

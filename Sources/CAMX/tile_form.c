#include "tiles.h"

#if CK_TILES

// For one image, C = (W_2^T + V_2^T U_2^T) o (M_3 M_1), block by block: both products of a block accumulate on tiles, the
// first beginning with W_2^T, and their numbers are multiplied and packed while they are in the first-level cache. M_1 and
// M_3 are formed before in the same way, and packed as operands.

// Panels of rows that meet a panel of columns while that is in the first-level cache.
enum { CK_ROW_PANELS = 2 };

static const int parts = 2;

static long panel_bytes(long depth) { return ck_groups(depth, CK_STEP) * ck_step_bytes(parts); }

// Where the numbers of one image lie in the workspace.
typedef struct {
  float *layer;  // M_1^T, then M_3^T, rows padded to whole panels
  char *first, *last, *middle_rows, *middle_columns;  // panels of M_1 and of M_3; of V^T and of U^T of the layer at work
} places;

static size_t lay_out(const ck_tile_form *f, char *workspace, places *p) {
  const ck_tile_layer *l = f->layers;
  const long latent = l[0].inputs, first = l[0].outputs, second = l[1].outputs;
  const long rank = ck_max(l[0].rank, ck_max(l[1].rank, l[2].rank)), widest = ck_max(latent, ck_max(first, second));
  const long panels = ck_groups(widest, CK_PANEL);
  size_t at = 0;
  p->layer = (float *)(workspace + at);
  at += (size_t)(ck_padded(latent) * ck_padded(ck_max(first, second))) * sizeof(float);
  p->first = workspace + at;
  at += (size_t)(ck_groups(first, CK_PANEL) * panel_bytes(latent));
  p->last = workspace + at;
  at += (size_t)(ck_groups(second, CK_PANEL) * panel_bytes(latent));
  p->middle_rows = workspace + at;
  at += (size_t)(panels * panel_bytes(rank));
  p->middle_columns = workspace + at;
  at += (size_t)(panels * panel_bytes(rank));
  return at;
}

size_t ck_tile_form_workspace(const ck_tile_form *f) {
  places places;
  return lay_out(f, NULL, &places);
}

CK_TILE_TARGET static void pack_rows(ck_operand o, char *panels) {
  for (long i = 0; i < o.width; i += CK_PANEL, panels += panel_bytes(o.depth))
    ck_pack_panel_rows(parts, &o, i, ck_min(CK_PANEL, o.width - i), 0, o.depth, panels);
}

CK_TILE_TARGET static void pack_columns(ck_operand o, char *panels) {
  for (long j = 0; j < o.width; j += CK_PANEL, panels += panel_bytes(o.depth))
    ck_pack_panel_columns(parts, &o, j, ck_min(CK_PANEL, o.width - j), 0, o.depth, panels);
}

// Packs V^T and U^T, the factors of what is added to W^T.
CK_TILE_TARGET static void pack_factors(const ck_tile_layer *l, const places *p) {
  if (l->rank == 0) return;
  pack_rows((ck_operand){l->v, l->outputs, l->outputs, l->rank, false, 1}, p->middle_rows);
  pack_columns((ck_operand){l->u, l->rank, l->inputs, l->rank, true, 1}, p->middle_columns);
}

// A block of 32 by 32 numbers of W^T + V^T U^T, zero beyond the layer; rows of `to` are `leading` numbers apart.
CK_TILE_TARGET static void sum_block(const ck_tile_layer *l, const places *p, long row, long column, float *to,
                                     long leading) {
  const float *from = l->weight + row * l->leading + column;
  long stride = l->leading;
  const long rows = ck_min(CK_PANEL, l->outputs - row), columns = ck_min(CK_PANEL, l->inputs - column);
  if (rows < CK_PANEL || columns < CK_PANEL) {
    for (long i = 0; i < CK_PANEL; i++)
      for (long j = 0; j < CK_PANEL; j++) to[i * leading + j] = i < rows && j < columns ? from[i * stride + j] : 0;
    from = to;
    stride = leading;
  }
  _tile_loadd(0, from, (size_t)stride * 4);
  _tile_loadd(1, from + 16, (size_t)stride * 4);
  _tile_loadd(2, from + 16 * stride, (size_t)stride * 4);
  _tile_loadd(3, from + 16 * stride + 16, (size_t)stride * 4);
  if (l->rank > 0)
    ck_accumulate(parts, false, ck_groups(l->rank, CK_STEP), p->middle_rows + row / CK_PANEL * panel_bytes(l->rank),
                  p->middle_columns + column / CK_PANEL * panel_bytes(l->rank), &(ck_interleaved){0});
  _tile_stored(0, to, (size_t)leading * 4);
  _tile_stored(1, to + 16, (size_t)leading * 4);
  _tile_stored(2, to + 16 * leading, (size_t)leading * 4);
  _tile_stored(3, to + 16 * leading + 16, (size_t)leading * 4);
}

// All of a layer's transposed weights, padded by zeros to whole panels.
CK_TILE_TARGET static void sum_layer(const ck_tile_layer *l, const places *p) {
  pack_factors(l, p);
  const long leading = ck_padded(l->inputs);
  for (long i = 0; i < l->outputs; i += CK_PANEL)
    for (long j = 0; j < l->inputs; j += CK_PANEL) sum_block(l, p, i, j, p->layer + i * leading + j, leading);
}

CK_TILE_TARGET void ck_tile_pack_form(const ck_tile_form *f, void *workspace, void *packed) {
  const ck_tile_layer *l = f->layers;
  const ck_single_table *kernels = ck_single_kernels();
  const long latent = l[0].inputs, first = l[0].outputs, second = l[1].outputs;
  places p;
  lay_out(f, workspace, &p);
  ck_configure_tiles(16, 16);
  sum_layer(&l[0], &p);
  pack_columns((ck_operand){p.layer, ck_padded(latent), first, latent, true, 1}, p.first);
  sum_layer(&l[2], &p);
  pack_rows((ck_operand){p.layer, ck_padded(second), second, latent, false, 1}, p.last);
  pack_factors(&l[1], &p);
  char block[CK_FORM_BLOCK_BYTES] __attribute__((aligned(64)));
  float products[CK_PANEL * CK_PANEL] __attribute__((aligned(64)));
  float middle[CK_PANEL * CK_PANEL] __attribute__((aligned(64)));
  const long across = ck_groups(first, CK_PANEL), down = ck_groups(second, CK_PANEL);
  for (long i0 = 0; i0 < down; i0 += CK_ROW_PANELS)
    for (long j = 0; j < across; j++)
      for (long i = i0; i < ck_min(i0 + CK_ROW_PANELS, down); i++) {
        sum_block(&l[1], &p, i * CK_PANEL, j * CK_PANEL, middle, CK_PANEL);
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
        ck_accumulate(parts, false, ck_groups(latent, CK_STEP), p.last + i * panel_bytes(latent),
                      p.first + j * panel_bytes(latent), &(ck_interleaved){0});
        _tile_stored(0, products, CK_PANEL * 4);
        _tile_stored(1, products + 16, CK_PANEL * 4);
        _tile_stored(2, products + 16 * CK_PANEL, CK_PANEL * 4);
        _tile_stored(3, products + 16 * CK_PANEL + 16, CK_PANEL * 4);
        kernels->pack_form(CK_FORM_BLOCK, CK_FORM_BLOCK, products, CK_PANEL, middle, CK_PANEL, block);
        // Past the caches: they hold the weights, and what is written is not read before all of it is.
        char *to = (char *)packed + (i * across + j) * CK_FORM_BLOCK_BYTES;
        for (long at = 0; at < CK_FORM_BLOCK_BYTES; at += 64)
          _mm512_stream_si512((__m512i *)(to + at), _mm512_load_si512(block + at));
      }
  _mm_sfence();
  _tile_release();
}

#else

size_t ck_tile_form_workspace(const ck_tile_form *f) { return 0; }
void ck_tile_pack_form(const ck_tile_form *f, void *workspace, void *packed) { __builtin_trap(); }

#endif

// The order in which a product on tiles goes through its operands, and the panels of the one that is packed in passing.

#ifndef CKERNELS_TILE_PANELS_H
#define CKERNELS_TILE_PANELS_H

#include "tiles.h"

#if defined(__x86_64__)

// Blocks. A panel's stretch of the reduction (CK_STRETCH_BYTES for each part) stays in or near the first-level cache
// while panels of the other operand pass by; a slab of the reduction is so deep that the operand packed whole stays in the
// second-level cache.
enum { CK_STRETCH_BYTES = 32 << 10, CK_SLAB_BYTES = 256 << 10 };

// Which operand is packed whole, slab by slab, before the other's panels are packed and multiplied one by one. The
// panels of the other are what the threads share out.
typedef struct {
  bool by_columns;  // threads take columns of the result, and A is packed whole; else they take rows, and B is
  bool packs_whole; // the operand to be packed whole is not packed yet
  long stretch, slab;
  size_t whole, panel; // bytes of a slab of the operand packed whole, and of a panel of the other
} plan;

static long panel_bytes(int parts, long depth) { return ck_groups(depth, CK_STEP) * ck_step_bytes(parts); }

// Packed columns are fast to reread, so rows go by unless they are few: then A and what is packed of it stay small.
static plan make_plan(const ck_tile_product *p) {
  plan plan = {.by_columns = p->columns > (p->packed ? 4 : 2) * p->rows, .packs_whole = true};
  plan.stretch = CK_STRETCH_BYTES / ck_step_bytes(1) * CK_STEP;
  if (p->packed && !plan.by_columns) {
    plan.packs_whole = false;
    plan.slab = p->inner;
  } else {
    long panels = ck_groups(plan.by_columns ? p->rows : p->columns, CK_PANEL);
    long fitting = CK_SLAB_BYTES / (panels * panel_bytes(p->parts, plan.stretch));
    plan.slab = ck_min(ck_max(fitting, 1) * plan.stretch, ck_groups(p->inner, CK_STEP) * CK_STEP);
    plan.whole = (size_t)(panels * panel_bytes(p->parts, plan.slab));
  }
  plan.panel = (size_t)panel_bytes(p->parts, plan.slab);
  return plan;
}

static ck_operand rows_of(const ck_tile_product *p) {
  return (ck_operand){p->a, p->a_leading, p->rows, p->inner, !p->a_transposed, p->alpha};
}
static ck_operand columns_of(const ck_tile_product *p) {
  return (ck_operand){p->b, p->b_leading, p->columns, p->inner, p->b_transposed, 1};
}

// One thread's panels of the operand that is packed one by one: lines origin..<limit, in each slab. While one panel is
// multiplied, the next is packed into the other of two buffers, and the one after that is fetched.
typedef struct {
  const ck_tile_product *product;
  plan plan;
  ck_operand operand;
  long origin, limit;
  char *buffers;
  long turn;
  ck_aside aside;
} panels;

static long count_panels(const panels *l) { return ck_groups(l->limit - l->origin, CK_PANEL); }

// The start along the reduction of a panel's slab, and the panel.
typedef struct {
  long start, panel;
} place;
static place after(const panels *l, place at) {
  return at.panel + 1 < count_panels(l) ? (place){at.start, at.panel + 1} : (place){at.start + l->plan.slab, 0};
}

static const char *packed_at(const panels *l, place at) {
  const ck_tile_product *p = l->product;
  return (const char *)p->packed + (l->origin / CK_PANEL + at.panel) * panel_bytes(p->parts, p->inner) +
         panel_bytes(p->parts, at.start);
}

// What to fetch while the panel at a place is packed: the panel after it. Where rows of the matrix lie across the
// reduction, panels are but two lines wide: then rather a part of the next slab, all panels wide, if that is not too much.
static ck_fetch fetch_ahead(const panels *l, place at, long depth) {
  const ck_operand *o = &l->operand;
  if (o->lines) return (ck_fetch){.lines = 0};
  const long count = count_panels(l), row_bytes = o->leading * 4;
  place next = after(l, at);
  long line = l->origin + next.panel * CK_PANEL, rows = depth, row_lines = 2;
  if (!o->depth_contiguous && count * CK_PANEL * 4 * l->plan.slab <= CK_SLAB_BYTES) {
    rows = ck_groups(depth, count);
    row_lines = 2 * count;
    next.start = at.start + l->plan.slab + at.panel * rows;
    line = l->origin;
  }
  if (next.start >= l->product->inner) return (ck_fetch){.lines = 0};
  if (o->depth_contiguous) {
    rows = CK_PANEL;
    row_lines = ck_groups(depth, 16);
  }
  return (ck_fetch){.line = (const char *)(o->depth_contiguous ? o->data + line * o->leading + next.start
                                                               : o->data + next.start * o->leading + line),
                    .row_lines = row_lines, .skip = row_bytes - row_lines * 64, .lines = rows * row_lines};
}

// Packs the panel at a place in passing, or fetches it if it is packed.
static ck_aside prepare(const panels *l, place at) {
  const ck_tile_product *p = l->product;
  if (at.start >= p->inner) return (ck_aside){.pieces = 0};
  const long first = l->origin + at.panel * CK_PANEL, depth = ck_min(l->plan.slab, p->inner - at.start);
  const long bytes = panel_bytes(p->parts, depth);
  if (l->plan.by_columns && p->packed)
    return (ck_aside){.parts = p->parts,
                      .fetch = {.line = packed_at(l, at), .row_lines = bytes / 64, .lines = bytes / 64}};
  return (ck_aside){.parts = p->parts, .columns = l->plan.by_columns, .operand = &l->operand, .first = first,
                    .width = ck_min(CK_PANEL, l->limit - first), .start = at.start, .depth = depth,
                    .panel = l->buffers + (size_t)(l->turn & 1) * l->plan.panel,
                    .pieces = 2 * ck_groups(depth, CK_STEP), .fetch = fetch_ahead(l, at, depth)};
}

// The panel at a place, packed. What follows is prepared during the next `steps` steps.
static const char *take(panels *l, place at, long steps) {
  if (l->turn == 0) l->aside = prepare(l, at);
  ck_aside_finish(&l->aside);
  const char *panel = l->plan.by_columns && l->product->packed ? packed_at(l, at) : l->aside.panel;
  l->turn++;
  l->aside = prepare(l, after(l, at));
  ck_aside_spread(&l->aside, steps);
  return panel;
}

#endif
#endif

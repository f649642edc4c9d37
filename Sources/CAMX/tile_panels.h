// The panels of the operand that is packed in passing.

#ifndef CAMX_TILE_PANELS_H
#define CAMX_TILE_PANELS_H

#include "tile_block.h"

#if CK_TILES

// One thread's panels of the operand that is packed one by one: lines origin..<limit, in each packed block. While one panel is
// multiplied, the next is packed into the other of two buffers, and the one after that is fetched.
typedef struct {
  const ck_tile_job *job;
  ck_operand operand;
  long origin, limit;
  char *buffers;
  long turn;
  ck_interleaved interleaved;
} panels;

static long count_panels(const panels *l) { return ck_groups(l->limit - l->origin, CK_PANEL); }

// The start along the reduction of a micro-panel's packed block, and the micro-panel.
typedef struct {
  long start, panel;
} place;
static place after(const panels *l, place at) {
  return at.panel + 1 < count_panels(l) ? (place){at.start, at.panel + 1} : (place){at.start + l->job->plan.packed_depth, 0};
}

static const char *packed_at(const panels *l, place at) {
  const ck_tile_product *p = l->job->product;
  return (const char *)p->packed + (l->origin / CK_PANEL + at.panel) * ck_panel_bytes(p->parts, p->inner) +
         ck_panel_bytes(p->parts, at.start);
}

// What to fetch while the panel at a place is packed: the panel after it. Where rows of the matrix lie across the
// reduction, panels are but two lines wide: then rather a part of the next packed block, all panels wide, if that is not too much.
static ck_fetch fetch_ahead(const panels *l, place at, long depth) {
  const ck_operand *o = &l->operand;
  if (o->lines) return (ck_fetch){.lines = 0};
  const long count = count_panels(l), row_bytes = o->leading * 4;
  place next = after(l, at);
  long line = l->origin + next.panel * CK_PANEL, rows = depth, row_lines = 2;
  if (!o->depth_contiguous && count * CK_PANEL * 4 * l->job->plan.packed_depth <= CK_PACKED_BLOCK_BYTES) {
    rows = ck_groups(depth, count);
    row_lines = 2 * count;
    next.start = at.start + l->job->plan.packed_depth + at.panel * rows;
    line = l->origin;
  }
  if (next.start >= l->job->end)
    return (ck_fetch){.line = l->job->ahead, .row_lines = l->job->ahead_lines, .lines = l->job->ahead_lines};
  if (o->depth_contiguous) {
    rows = CK_PANEL;
    row_lines = ck_groups(depth, 16);
  }
  return (ck_fetch){.line = (const char *)(o->depth_contiguous ? o->data + line * o->leading + next.start
                                                               : o->data + next.start * o->leading + line),
                    .row_lines = row_lines, .skip = row_bytes - row_lines * 64, .lines = rows * row_lines};
}

// Packs the panel at a place in passing, or fetches it if it is packed.
static ck_interleaved prepare(const panels *l, place at) {
  const ck_tile_product *p = l->job->product;
  if (at.start >= l->job->end) return (ck_interleaved){.pieces = 0};
  const long first = l->origin + at.panel * CK_PANEL, depth = ck_min(l->job->plan.packed_depth, l->job->end - at.start);
  const long bytes = ck_panel_bytes(p->parts, depth);
  if (l->job->plan.by_columns && p->packed)
    return (ck_interleaved){.parts = p->parts,
                      .fetch = {.line = packed_at(l, at), .row_lines = bytes / 64, .lines = bytes / 64}};
  return (ck_interleaved){.parts = p->parts, .columns = l->job->plan.by_columns, .operand = &l->operand, .first = first,
                    .width = ck_min(CK_PANEL, l->limit - first), .start = at.start, .depth = depth,
                    .panel = l->buffers + (size_t)(l->turn & 1) * l->job->plan.panel,
                    .pieces = 2 * ck_groups(depth, CK_STEP), .fetch = fetch_ahead(l, at, depth)};
}

// The panel at a place, packed. What follows is prepared during the next `steps` steps.
static const char *take(panels *l, place at, long steps) {
  if (l->turn == 0) l->interleaved = prepare(l, at);
  ck_interleaved_finish(&l->interleaved);
  const char *panel = l->job->plan.by_columns && l->job->product->packed ? packed_at(l, at) : l->interleaved.panel;
  l->turn++;
  l->interleaved = prepare(l, after(l, at));
  ck_interleaved_spread(&l->interleaved, steps);
  return panel;
}

#endif
#endif

// The order in which a product on tiles goes through its operands.

#ifndef CAMX_TILE_PLAN_H
#define CAMX_TILE_PLAN_H

#include "tiles.h"

#if CK_TILES

// Blocks. A micro-panel's kc block of the reduction (CK_KC_BYTES for each part) stays in or near the first-level cache
// while panels of the other operand pass by; a packed block is so deep that the operand packed whole stays in the
// second-level cache.
enum { CK_KC_BYTES = 32 << 10, CK_PACKED_BLOCK_BYTES = 256 << 10 };

// Which operand is packed whole, block by block, before the other's panels are packed and multiplied one by one. The
// panels of the other are what the threads share out.
typedef struct {
  bool by_columns;  // threads take columns of the result, and A is packed whole; else they take rows, and B is
  bool packs_whole; // the operand to be packed whole is not packed yet
  long kc, packed_depth;
  size_t whole, panel; // bytes of a packed block of one operand, and of a micro-panel of the other
} ck_plan;

// Packed columns are fast to reread, so rows go by unless they are few: then A and what is packed of it stay small.
static inline ck_plan ck_make_plan(const ck_tile_product *p) {
  ck_plan plan = {.by_columns = p->columns > (p->packed ? 4 : 2) * p->rows, .packs_whole = true};
  plan.kc = CK_KC_BYTES / ck_step_bytes(1) * CK_STEP;
  if (p->packed && !plan.by_columns) {
    plan.packs_whole = false;
    plan.packed_depth = p->inner;
  } else {
    long panels = ck_max(ck_groups(plan.by_columns ? p->rows : p->columns, CK_PANEL), 1);
    long fitting = CK_PACKED_BLOCK_BYTES / (panels * ck_panel_bytes(p->parts, plan.kc));
    plan.packed_depth = ck_min(ck_max(fitting, 1) * plan.kc, ck_groups(p->inner, CK_STEP) * CK_STEP);
    plan.whole = (size_t)(panels * ck_panel_bytes(p->parts, plan.packed_depth));
  }
  plan.panel = (size_t)ck_panel_bytes(p->parts, plan.packed_depth);
  return plan;
}

static inline ck_operand ck_rows_of(const ck_tile_product *p) {
  return (ck_operand){p->a, p->a_leading, p->rows, p->inner, !p->a_transposed, p->alpha};
}
static inline ck_operand ck_columns_of(const ck_tile_product *p) {
  return (ck_operand){p->b, p->b_leading, p->columns, p->inner, p->b_transposed, 1};
}

#endif
#endif

// The functions of CAMX compiled with emulated instructions: they run on any processor, and give what a processor with
// matrix tiles gives.

#ifndef CAMX_EMULATED_INCLUDE_H
#define CAMX_EMULATED_INCLUDE_H

#include <CAMX.h>

#pragma clang assume_nonnull begin

extern __typeof__(ck_tile_workspace) emulated_ck_tile_workspace;
extern __typeof__(ck_tile_multiply) emulated_ck_tile_multiply;
extern __typeof__(ck_tile_multiply_lines) emulated_ck_tile_multiply_lines;
extern __typeof__(ck_tile_multiply_images) emulated_ck_tile_multiply_images;
extern __typeof__(ck_tile_images_workspace) emulated_ck_tile_images_workspace;
extern __typeof__(ck_tile_packed_size) emulated_ck_tile_packed_size;
extern __typeof__(ck_tile_pack) emulated_ck_tile_pack;
extern __typeof__(ck_tile_convolution_fits) emulated_ck_tile_convolution_fits;
extern __typeof__(ck_tile_convolution_workspace) emulated_ck_tile_convolution_workspace;
extern __typeof__(ck_tile_convolution_weights) emulated_ck_tile_convolution_weights;
extern __typeof__(ck_tile_halves) emulated_ck_tile_halves;
extern __typeof__(ck_tile_split) emulated_ck_tile_split;
extern __typeof__(ck_tile_update_workspace) emulated_ck_tile_update_workspace;
extern __typeof__(ck_tile_update_step) emulated_ck_tile_update_step;
extern __typeof__(ck_tile_form_workspace) emulated_ck_tile_form_workspace;
extern __typeof__(ck_tile_pack_form) emulated_ck_tile_pack_form;

/// One instruction by itself, c += a b: a tile of `rows` rows [rows, 32] and one of 16 rows [16, 16, 2], bfloat16, and
/// c [rows, 16], float32. On the processor's tiles (only where ck_has_tiles says that there are some), and emulated.
void tile_instruction(long rows, const unsigned short *a, const unsigned short *b, float *c);
void emulated_tile_instruction(long rows, const unsigned short *a, const unsigned short *b, float *c);

#pragma clang assume_nonnull end

#endif

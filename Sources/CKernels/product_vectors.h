// Vectors of 16 words of 32 bits, as product.inc takes them: numbers in single precision, or pairs of bfloat16 numbers of
// which the first is in the lower half.

#ifndef CKERNELS_PRODUCT_VECTORS_H
#define CKERNELS_PRODUCT_VECTORS_H

#include "CKernelsProduct.h"

#include <string.h>

typedef float ck_numbers __attribute__((vector_size(64), aligned(4), may_alias));
typedef unsigned ck_words __attribute__((vector_size(64), aligned(4), may_alias));

#endif

// The choice of kernels, between the files of this module.

#ifndef CKERNELS_DISPATCH_H
#define CKERNELS_DISPATCH_H

/// The instruction set that this thread was told to use, or -1. The threads of a region take over their caller's.
extern _Thread_local int ck_selected_isa;

#endif

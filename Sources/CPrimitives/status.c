#include <dnnl.h>
#include <dnnl_debug.h>

#include "CPrimitives.h"

bool cp_status_is_out_of_memory(cp_status status) { return status == dnnl_out_of_memory; }

const char *cp_status_name(cp_status status) { return dnnl_status2str(status); }

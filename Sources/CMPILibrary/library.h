// The library's flags are what the package takes from here; CMPI calls it.
#include <mpi.h>

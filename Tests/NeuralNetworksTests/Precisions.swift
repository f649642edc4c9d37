import Randomness
import Tensors

/// Both precisions, with the relative difference that is allowed to each.
let precisions: [(type: ElementType, tolerance: Double)] = [(.float64, 1e-13), (.float32, 2e-6)]

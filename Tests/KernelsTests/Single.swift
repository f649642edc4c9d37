import Tensors

/// Numbers as a tensor in single precision; a list where no shape is given.
func single(_ numbers: [Double], _ shape: [Int]? = nil) -> Tensor {
  Tensor(numbers.map { Float($0) }, shape: shape ?? [numbers.count])
}

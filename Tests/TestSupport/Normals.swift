import Randomness
import Tensors

/// Standard normal numbers, the same ones for the same index.
public func normals(_ count: Int, _ index: UInt64) -> [Double] {
  RandomStream(seed: 11, purpose: .test, step: index).normals(0..<count).map { Double($0) }
}

/// Standard normal numbers times a factor, the same ones for the same index.
public func normals(_ shape: [Int], _ index: UInt64, scale: Double = 1, _ type: ElementType = .float64) -> Tensor {
  Tensor(normals(shape.reduce(1, *), index).map { scale * $0 }, shape: shape).converted(to: type)
}

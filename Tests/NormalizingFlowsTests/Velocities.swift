import Autodiff
import NormalizingFlows
import Synchronization
import Tensors

/// dz/dt = A z, whose flow is z(T) = exp(T A) z(0); conditioned on A.
struct LinearVelocity: Velocity {
  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    z.affine(weight: conditioning[0])
  }
}

/// A velocity as a user would write it: a rotation, a bend, and a gate that opens with time.
struct Swirl: Velocity {
  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    let turned = z.affine(weight: conditioning[0])
    let bent = (1 + time) * (2 * z + 0.3).applying(.tanh)
    return turned + bent * turned.applying(.sigmoid)
  }

  /// The generator of a rotation in each pair of neighbouring coordinates, `[latent, latent]`.
  static func generator(latent: Int) -> Tensor {
    var a = [Double](repeating: 0, count: latent * latent)
    for i in 0..<(latent - 1) {
      a[i * latent + i + 1] = 1 + 0.5 * Double(i)
      a[(i + 1) * latent + i] = -a[i * latent + i + 1]
    }
    return Tensor(a, shape: [latent, latent])
  }
}

/// dz_i/dt = sin-like bend of z_i alone: a velocity with a diagonal Jacobian.
struct DiagonalVelocity: Velocity {
  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    z.applying(.tanh) * z + time
  }
}

/// Another velocity, whose tangents it writes down at every evaluation.
struct RecordingVelocity<Base: Velocity>: Velocity {
  final class Record: Sendable {
    private let seen = Mutex<[Tensor]>([])

    /// The tangents of each evaluation, in order.
    var tangents: [Tensor] { seen.withLock { $0 } }

    fileprivate func add(_ tensor: Tensor) { seen.withLock { $0.append(tensor) } }
  }

  let base: Base
  let record = Record()

  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    record.add(z.tangents.value)
    return base(time: time, z: z, conditioning: conditioning)
  }
}

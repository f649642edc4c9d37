import Communication
import NeuralNetworks
import Runs
import Tensors
import VariationalAutoencoder

/// Which parameters are divided by rows over the ranks, so that each keeps and updates only its own; and what is sent for it.
///
/// Rows of a layer of F inputs and P outputs cost each of R ranks about 2 N P (R - 1) / R^2 numbers a step, for N images in
/// the batch; whole parameters cost 2 F P (R - 1) / R, or N P (R - 1) / R where factors are sent. What is least is chosen.
struct RowDivision: Sendable {
  /// The indices of the divided parameters.
  let places: Set<Int>
  private let communicator: any Communicator

  /// The division for a model that is trained with batches of some size.
  init(_ model: VariationalAutoencoder, _ parameters: ParameterSet, batchSize: Int, over communicator: any Communicator)
  {
    self.communicator = communicator
    guard communicator.isShared, batchSize >= communicator.size else {
      places = []
      return
    }
    let divisible = Set(model.flow.divisibleParameters.map(\.name))
    let weights = parameters.parameters.filter { divisible.contains($0.name) && $0.shape.count == 2 }
    let isWorthIt = weights.contains {
      $0.shape[0] * $0.shape[1] >= Self.leastCount && batchSize < communicator.size * $0.shape[1]
    }
    places = Set(
      parameters.parameters.indices.filter { isWorthIt && divisible.contains(parameters.parameters[$0].name) })
  }

  /// Smaller layers are not worth exchanges of their own.
  static let leastCount = 1 << 20

  /// Whether anything is divided.
  var isEmpty: Bool { places.isEmpty }

  /// The rows of a parameter that a rank keeps.
  private func rows(of count: Int, _ rank: Int) -> Range<Int> { count.part(rank, of: communicator.size) }

  /// This rank's rows of a whole tensor, in memory of their own.
  func own(_ whole: Tensor) -> Tensor {
    let rows = whole.leading(rows(of: whole.shape[0], communicator.rank))
    return rows.withBytes { Tensor(copying: $0, shape: rows.shape, rows.elementType) }
  }

  /// Replaces the tensors of divided parameters by this rank's rows.
  func divide(_ tensors: inout [Tensor]) {
    for place in places { tensors[place] = own(tensors[place]) }
  }

  /// The whole tensor on rank 0, from each rank's rows; elsewhere nothing of use.
  func collected(_ rows: Tensor, shape: [Int]) -> Tensor {
    let width = 4 * shape.dropFirst().reduce(1, *)
    let isReceiver = communicator.isLeader
    var whole = Tensor(uninitialized: isReceiver ? shape : [0], .float32)
    var sent = Array(repeating: 0, count: communicator.size)
    sent[0] = 4 * rows.count
    let received = (0..<communicator.size).map { isReceiver ? width * self.rows(of: shape[0], $0).count : 0 }
    communicator.succeed {
      try rows.withBytes { rows in
        try whole.withMutableBytes { whole in
          try communicator.beginAllToAll(
            rows, sentByteCounts: sent, into: whole, receivedByteCounts: received
          ).wait()
        }
      }
    }
    return whole
  }
}

import Autodiff
@testable import Communication
import DifferentialEquations
import FileTestSupport
import Foundation
import NeuralNetworks
@testable import NormalizingFlows
import Randomness
import Tensors
import Testing

#if MPI
  private let isBuiltWithMPI = true
#else
  private let isBuiltWithMPI = false
#endif

/// What ranks do together: this program starts itself once more, as several ranks, each of which makes all of the checks.
@Suite(.serialized) struct RankTests {
  private static let isRank = ProcessInfo.processInfo.environment["FFJORD_VAE_RANK_CHECKS"] != nil

  @Test(
    .enabled(if: isBuiltWithMPI, "needs a build with the trait MPI"),
    .enabled(if: RankLauncher.lack == nil, "\(RankLauncher.lack ?? "")"), .disabled(if: isRank),
    arguments: [1, 2, 3, 4])
  func `ranks compute what one does`(_ ranks: Int) throws {
    let program = try #require(CommandLine.arguments.first)
    let command =
      RankLauncher.command(ranks: ranks) + [
        "/usr/bin/env", "FFJORD_VAE_RANK_CHECKS=1", program, "--testing-library", "swift-testing", "--filter",
        "CommunicationTests.RankTests",
      ]
    let (status, output) = try ExternalProgram.run(command[1], Array(command.dropFirst(2)))
    #expect(status == 0, "\(output)")
    #expect(output.components(separatedBy: "checks done").count == ranks + 1, "\(output)")
  }

  #if MPI
    @Test(.enabled(if: isRank)) func `as one of several ranks`() throws {
      let ranks = try MPICommunicator()
      sums(ranks)
      messages(ranks)
      try solves(ranks)
      for precision in Precision.allCases { dividedRows(ranks, precision) }
      print("rank \(ranks.rank): checks done")
      #expect(ranks.leave(waiting: nil))
    }

    /// Numbers that differ between ranks, and whose sum depends on its order.
    private func numbers(_ rank: Int, _ count: Int) -> Tensor {
      let stream = RandomStream(seed: UInt64(rank), purpose: .init(99))
      return Tensor(stream.normals(0..<count), shape: [count])
    }

    private func sums(_ ranks: MPICommunicator) {
      for count in [1, 7, 1000, 100_003] {
        var sum = numbers(ranks.rank, count)
        ranks.sum(&sum)
        var expected = numbers(0, count)
        for rank in 0..<ranks.size where rank > 0 { expected.add(numbers(rank, count)) }
        #expect(sum == expected, "a sum of \(count) numbers over \(ranks.size) ranks")
      }
      let before = ranks.sentByteCount
      #expect(ranks.sum([Double(ranks.rank), 1]) == [Double(ranks.size * (ranks.size - 1) / 2), Double(ranks.size)])
      #expect(ranks.sentByteCount - before == 16 * (ranks.size - 1))
      let share = BatchShare(of: 11, over: ranks)
      func numbered(_ places: Range<Int>) -> [Float] { places.flatMap { [Float($0), 10 * Float($0)] } }
      let rows = share.gathered(Tensor(numbered(share.places), shape: [share.count, 2]))
      #expect(rows.floats() == numbered(0..<11))
      let (up, down) = ((0..<11).map { Double($0) }, (0..<11).map { -Double($0) })
      let all = share.gathered([Array(up[share.places]), Array(down[share.places])])
      #expect(all == [up, down])
    }

    private func messages(_ ranks: MPICommunicator) {
      // Short ones travel in one frame, long ones in two.
      for length in [0, 10, 246, 247, 100_000] {
        let text = String(repeating: "x", count: length)
        if ranks.isLeader { ranks.tell(text) } else { #expect(ranks.hear(String.self) == text) }
      }
      var values = ranks.isLeader ? [1, 2, 3] as [UInt8] : [0, 0, 0]
      ranks.share(&values)
      #expect(values == [1, 2, 3])
    }

    /// dy/dt = y^2 of all samples, whose steps suit the fastest; past its pole, all ranks meet the same failure.
    private func solves(_ ranks: MPICommunicator) throws {
      let initial: [Float] = [0.1, 0.2, -1, 0.3, 1.4, 0.05, -2]
      func solved(_ values: some Sequence<Float>, _ batch: BatchShare?, to end: Double) -> (Solution?, SolveError?) {
        let values = Array(values)
        do throws(SolveError) {
          let solution = try solve(
            { _, y, _ in [y[0] * y[0]] }, initial: [Variable(Tensor(values, shape: [values.count, 1]))], from: 0,
            to: end, batch: batch)
          return (solution, nil)
        } catch { return (nil, error) }
      }
      let share = BatchShare(of: initial.count, over: ranks)
      let (whole, part) = (solved(initial, nil, to: 0.5), solved(initial[share.places], share, to: 0.5))
      let (a, b) = (try #require(whole.0), try #require(part.0))
      #expect(a.statistics == b.statistics)
      #expect(a.state[0].value.leading(share.places) == b.state[0].value)
      let (lone, shared) = (solved(initial, nil, to: 1).1, solved(initial[share.places], share, to: 1).1)
      #expect(lone != nil && lone == shared)
      // What is not finite at once is known to all, too.
      var undefined = initial
      undefined[4] = .infinity
      #expect(
        solved(undefined[share.places], share, to: 0.5).1 == .notFinite(time: 0, sample: 4, component: 0))
    }

    /// A linear layer whose rows are divided, against the whole one.
    private func dividedRows(_ ranks: MPICommunicator, _ precision: Precision) {
      let (inputs, outputs) = (5, 13)
      let weight = numbers(1, inputs * outputs).reshaped([outputs, inputs])
      let bias = numbers(2, outputs)
      for images in [1, 2, 9] {
        let x = numbers(3, images * inputs).reshaped([images, inputs])
        let factor = numbers(4, images * outputs).reshaped([images, outputs])
        let share = BatchShare(of: images, over: ranks)
        let rows = outputs.part(ranks.rank, of: ranks.size)

        func gradients(_ parts: [Tensor], _ output: (_ v: [Variable]) -> Variable, _ factor: Tensor) -> (
          Tensor, [Tensor]
        ) {
          let tape = Tape()
          let variables = parts.map { tape.variable($0) }
          let y = output(variables)
          return (y.value, tape.gradients(of: (y * Variable(factor)).sum(), withRespectTo: variables))
        }
        let whole = gradients([x, weight, bias], { $0[0].affine(weight: $0[1], bias: $0[2]) }, factor)
        let part = gradients(
          [x.leading(share.places), weight.leading(rows), bias.leading(rows)],
          { v in
            let columns = v[0].gathered(over: share).affine(weight: v[1], bias: v[2])
            return TravellingColumns(columns, of: outputs, share, precision).arrived()
          }, factor.leading(share.places))
        // What travels in mixed precision has 8 bits of mantissa; here are sums of at most 13 numbers of about 1.
        let tolerance: Float = precision == .mixed ? 0.05 : 1e-5
        func isNear(_ a: Tensor, _ b: Tensor) -> Bool {
          a.shape == b.shape && zip(a.floats(), b.floats()).allSatisfy { abs($0 - $1) < tolerance }
        }
        if precision == .mixed {
          #expect(part.0.floats().allSatisfy { $0.bitPattern & 0xFFFF == 0 }, "outputs have 16 bits")
        }
        #expect(isNear(part.0, whole.0.leading(share.places)))
        #expect(isNear(part.1[0], whole.1[0].leading(share.places)), "features of \(images) images")
        #expect(isNear(part.1[1], whole.1[1].leading(rows)), "weights of \(images) images")
        #expect(isNear(part.1[2], whole.1[2].leading(rows)), "biases of \(images) images")
      }
    }
  #endif
}

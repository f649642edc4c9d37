import Communication
import Foundation
import Inference
import Tensors
import Training

/// The processes of the job that this one belongs to. Rank 0 does what the person asked for; the others do what it tells them,
/// and say nothing unless they are asked to.
enum Ranks {
  /// The ranks; one where no launcher of MPI started this program, or it was built without MPI.
  static let communicator: any Communicator = join()
  /// The ranks for whoever evaluates; nil for one rank.
  static let evaluation = communicator.isShared ? EvaluationRanks(communicator) : nil

  /// Has the other ranks compute with as many threads as this one.
  static func share(threads: Int) {
    if communicator.isLeader { communicator.tell(RankTask.threads(threads)) }
  }

  /// Has the other ranks say what they do.
  static func askForWords() {
    if communicator.isLeader { communicator.tell(RankTask.words) }
  }

  /// Ends the other ranks with the exit code of this one, the leader.
  static func end(code: Int32) {
    guard communicator.isShared else { return leave() }
    communicator.tell(RankTask.end(code: code))
    leave(code: code)
  }

  /// Does what the leader tells, until it says that this is the end; returns the exit code.
  static func follow() -> Int32 {
    var words = RankWords(rank: communicator.rank, of: communicator.size)
    while true {
      do {
        switch communicator.hear(RankTask.self) {
        case .training:
          let stop = StopSignal { [words] in words.say("asked to stop; all ranks finish their step") }
          try Trainer.follow(communicator, report: { words.say($0) }) { stop.isRequested }
        case .model: try evaluation?.takeModel()
        case .evaluation:
          let images = evaluation?.evaluate() ?? 0
          words.say("evaluated \(Terminal.count(images, "sample")) of its images")
        case .threads(let threads): Compute.threads = threads
        case .words:
          words.areWanted = true
          words.introduce()
        case .end(let code):
          words.sayWhatItTook()
          leave(code: code)
          return code
        }
      } catch { communicator.abort(CommunicationError(operation: "following rank 0", reason: "\(error)")) }
    }
  }

  #if MPI
    /// What launchers tell the processes that they start.
    private static let signs = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"]

    private static func join() -> any Communicator {
      let environment = ProcessInfo.processInfo.environment
      guard signs.contains(where: { environment[$0] != nil }) else { return OneRank() }
      do {
        let joined = try MPICommunicator()
        if environment["OMP_NUM_THREADS"] == nil { Compute.threads = joined.cores }
        let sets = joined.allGather([Double(Compute.instructionSet.rawValue)]).map { $0[0] }
        guard let least = sets.min().flatMap({ Compute.InstructionSet(rawValue: UInt32($0)) }), Set(sets).count > 1
        else {
          return joined
        }
        if joined.isLeader {
          Terminal.logger.error(
            """
            the ranks' processors have different instructions, and would compute different numbers. FFJORD_VAE_ISA=\(least), \
            set for all of them, makes them alike.
            """)
        }
        _ = joined.leave(waiting: nil)
        exit(Failure.internal)
      } catch {
        Terminal.logger.error("\(error)")
        exit(Failure.internal)
      }
    }

    /// Leaves the job. Where the other ranks do not come to its end, the launcher ends them.
    private static func leave(code: Int32 = 0) {
      guard let joined = communicator as? MPICommunicator else { return }
      if !joined.leave(waiting: code == 0 ? nil : 10) { joined.abort(code: code) }
    }
  #else
    private static func join() -> any Communicator { OneRank() }

    private static func leave(code: Int32 = 0) {}
  #endif
}

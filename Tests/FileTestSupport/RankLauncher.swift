import Foundation

/// A launcher of MPI, with which tests start several ranks on this machine.
public enum RankLauncher {
  /// Why ranks cannot be started here; nil where they can.
  public static let lack: String? =
    (try? ExternalProgram.run(program, ["--version"]).status) == 0
    ? nil : "needs \(program), of the MPI that the program is built with: set FFJORD_VAE_MPIRUN to another"

  /// The launcher of the MPI that the tests are built with.
  public static let program = ProcessInfo.processInfo.environment["FFJORD_VAE_MPIRUN"] ?? "mpirun"

  /// The launcher and its arguments, to be followed by a program and its own.
  public static func command(ranks: Int) -> [String] {
    // Open MPI starts nothing as root, nor more ranks than there are cores, without being told to; MPICH does both.
    let isOpen = (try? !ExternalProgram.run(program, ["--version"]).output.contains("HYDRA")) ?? false
    return ["/usr/bin/env", program] + (isOpen ? ["--allow-run-as-root", "--oversubscribe"] : []) + ["-np", "\(ranks)"]
  }
}

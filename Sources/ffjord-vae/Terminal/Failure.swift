import ArgumentParser
import Files
import Foundation
import ImageDatasets
import Runs
import Safetensors
import Tensors

/// The exit codes of sysexits.h that the program uses.
enum Failure {
  static let usage: Int32 = 64
  static let badData: Int32 = 65
  static let missingInput: Int32 = 66
  static let `internal`: Int32 = 70
  static let inputOutput: Int32 = 74

  /// Runs a command; says what went wrong, if anything, and exits with the code for it.
  static func reporting(_ body: () throws -> Void) throws { try reporting(isDensity: false, body) }

  /// Runs a command of density models, or another. An error is to advise the options that the command has.
  static func reporting(isDensity: Bool, _ body: () throws -> Void) throws {
    handleMemoryExhaustion()
    do { try body() } catch { throw reported(error, isDensity: isDensity) }
  }

  /// Runs a command that waits for something; says what went wrong, if anything, and exits with the code for it.
  static func reporting(_ body: () async throws -> Void) async throws {
    handleMemoryExhaustion()
    do { try await body() } catch { throw reported(error) }
  }

  private static func handleMemoryExhaustion() {
    Compute.onMemoryExhaustion { byteCount in
      let wanted = byteCount.map { "another \(MemoryLimit.words($0))" } ?? "a product"
      Terminal.logger.error(
        """
        there is no memory for \(wanted). Choose a smaller model or batch, close other programs, or use a \
        machine with more memory.
        """)
      _exit(`internal`)
    }
  }

  /// Says what went wrong, where that has not been said, and returns the error that the parser takes.
  static func reported(_ error: any Error, isDensity: Bool = false) -> any Error {
    if error is ExitCode || error is ValidationError { return error }
    if case RunError.invalidValue(let value) = error {
      return ValidationError(
        value.description(calling: isDensity ? Remedy.densityName(of: value) : Remedy.name(of: value)))
    }
    let remedy = Remedy.options(for: error, isDensity: isDensity)
    Terminal.logger.error("\([message(error), remedy].compactMap { $0 }.joined(separator: " "))")
    return ExitCode(code(error))
  }

  private static func message(_ error: any Error) -> String {
    switch error {
    case let error as any CustomStringConvertible & Error: error.description
    default: error.localizedDescription
    }
  }

  private static func code(_ error: any Error) -> Int32 {
    switch error {
    case let error as RunError:
      switch error.category {
      case .usage: usage
      case .badData: badData
      case .missingInput: missingInput
      case .inputOutput: inputOutput
      case .numerical, .resources: `internal`
      }
    case let error as SafetensorsError:
      switch error.category {
      case .badData: badData
      case .missingInput: missingInput
      case .inputOutput: inputOutput
      case .resources: `internal`
      }
    case let error as FileError:
      switch error.category {
      case .missingInput: missingInput
      case .inputOutput: inputOutput
      }
    case DatasetError.unknownDataset: usage
    case let error as DatasetError: code(error.category)
    case let error as PNGError: code(error.category)
    case is StandardOutputError: inputOutput
    default: `internal`
    }
  }

  private static func code(_ category: DatasetError.Category) -> Int32 {
    switch category {
    case .badData: badData
    case .missingInput: missingInput
    case .inputOutput: inputOutput
    case .resources: `internal`
    }
  }
}

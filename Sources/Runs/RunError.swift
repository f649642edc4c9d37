import DifferentialEquations
import Files
import VariationalAutoencoder

/// An error in training, or in the use of a trained model.
public enum RunError: Error, Sendable, CustomStringConvertible {
  /// A value of a configuration is not allowed.
  case invalidValue(InvalidValue)
  /// A configuration is invalid as a whole, or does not fit what it is used with.
  case invalidConfiguration(String)
  /// A file is not a checkpoint, or is damaged.
  case invalidCheckpoint(path: String, reason: String)
  /// A checkpoint holds a model without the state of a run, which cannot be resumed.
  case modelAlone(path: String)
  /// A file does not hold a model that can be imported.
  case invalidModel(path: String, reason: String)
  /// There is no checkpoint at a path.
  case missingCheckpoint(path: String)
  /// A model is known by its name, and its file is not there.
  case missingModel(name: String, path: String)
  /// No list of models has a name; `known` are those that are listed.
  case unknownModel(name: String, known: [String])
  /// There is no run at a path.
  case missingRun(path: String, reason: String)
  /// A file of a run is damaged, or not what it should be.
  case invalidRun(path: String, reason: String)
  /// There is no configuration file at a path.
  case missingConfiguration(path: String)
  /// A file is not a configuration of a run.
  case invalidConfigurationFile(path: String, reason: String)
  /// A dataset has too few images.
  case unusableImages(String)
  /// A dataset's images are not those that a run began with.
  case changedData(String)
  /// The output directory holds another run.
  case occupied(path: String)
  /// The directory has the metrics of a run, but not its checkpoints.
  case lostCheckpoints(path: String)
  /// A run in the checkpoint's directory cannot be resumed from the checkpoint.
  case foreign(path: String, reason: String)
  /// Another process is training in the directory.
  case inUse(path: String)
  /// The output file exists already.
  case existing(path: String)
  /// A file that is there cannot be read.
  case unreadable(path: String, reason: String)
  /// The output directory, or a file in it, cannot be written.
  case unwritable(path: String, reason: String)
  /// Training diverged: the loss, a gradient or a number of the state is not finite. `checkpoint` is from before.
  case diverged(step: Int, reason: String, checkpoint: String? = nil)
  /// The bound of an image, counted from zero, is not finite.
  case undefinedBound(image: Int)
  /// Another result of a model is not finite; the text says what kind of result, `number` which one,
  /// counted from zero.
  case undefinedResult(String, number: Int)
  /// A sample, counted from one, has a density of zero, or one that is not a number.
  case undefinedDensity(sample: Int)
  /// A task needs more memory than is available, in bytes; the text says what it needs the memory for.
  case notEnoughMemory(String, needed: Int, available: Int)
  /// An output would replace a file that belongs to a run.
  case ownedByRun(path: String, run: String)
  /// A solve failed, in training at a step.
  case solve(step: Int?, SolveError)

  /// The kind of failure, for exit codes.
  public enum Category: Sendable {
    /// What was asked for is invalid, contradictory or would overwrite something (`usage`); the contents of a file are
    /// wrong (`badData`); a file does not exist (`missingInput`); the system reported a failure (`inputOutput`);
    /// training or a solve diverged (`numerical`); there is too little memory (`resources`).
    case usage, badData, missingInput, inputOutput, numerical, resources
  }

  /// The kind of failure.
  public var category: Category {
    switch self {
    case .invalidValue, .invalidConfiguration, .occupied, .foreign, .inUse, .existing, .ownedByRun: .usage
    case .invalidCheckpoint, .modelAlone, .invalidModel, .invalidRun, .invalidConfigurationFile: .badData
    case .unusableImages, .changedData: .badData
    case .missingCheckpoint, .missingModel, .unknownModel, .missingRun, .lostCheckpoints, .missingConfiguration:
      .missingInput
    case .unreadable, .unwritable: .inputOutput
    case .diverged, .undefinedBound, .undefinedResult, .undefinedDensity, .solve: .numerical
    case .notEnoughMemory: .resources
    }
  }

  /// What happened, where, and what to do about it.
  public var description: String {
    switch self {
    case .invalidValue(let value): value.description
    case .invalidConfiguration(let text): text
    case .invalidCheckpoint(let path, let reason): "\(path) is no usable checkpoint: \(reason)"
    case .modelAlone(let path):
      "\(path) holds a model without the state of a run, which cannot be resumed. Begin a new run with its parameters."
    case .invalidModel(let path, let reason): "\(path) cannot be imported: \(reason)"
    case .missingCheckpoint(let path):
      "there is no checkpoint at \(path). Name a checkpoint file, or the output directory of a training run."
    case .missingModel(let name, let path):
      "the model \(name) is known, and its file \(path) is not there. Fetch it, or name a checkpoint file."
    case .unknownModel(let name, let known):
      "there is no model named \(name). "
        + (known.isEmpty ? "No list of models was found." : "Choose one of: \(known.joined(separator: ", ")).")
    case .missingRun(let path, let reason):
      "there is no run at \(path): \(reason). Name the output directory of a training run."
    case .invalidRun(let path, let reason): "\(path) cannot be used: \(reason)"
    case .missingConfiguration(let path):
      "there is no configuration at \(path). Name a JSON file such as a run's config.json."
    case .invalidConfigurationFile(let path, let reason): "\(path) is no configuration of a run: \(reason)"
    case .unusableImages(let text): text
    case .changedData(let text):
      "\(text). Bring back those that it began with, allow changed data, or begin a new run."
    case .occupied(let path):
      "\(path) already holds a run. Resume it, choose another output directory, or replace it."
    case .lostCheckpoints(let path):
      "\(path) holds the metrics of a run, and its checkpoints are gone. Bring back \(Checkpoint.lastName) or "
        + "\(Checkpoint.bestName), choose another output directory, or replace the run."
    case .foreign(let path, let reason): "no run can go on from \(path) in its place: \(reason)."
    case .inUse(let path):
      "another process is training in \(path). Wait until it ends, stop it with Ctrl-C, or choose another output "
        + "directory."
    case .existing(let path):
      "\(path) is there already. Choose another output, or replace it."
    case .unreadable(let path, let reason): "cannot read \(path): \(reason). See to its permissions."
    case .unwritable(let path, let reason):
      "cannot write \(path): \(reason). Choose another output, or see to its permissions and to free space."
    case .diverged(let step, let reason, let checkpoint):
      "training diverged at step \(step): \(reason). Lower the learning rate. "
        + (checkpoint.map { "\($0) is from before this step." } ?? "No checkpoint was saved before this step.")
    case .undefinedBound(let image):
      "the bound of image \(image) is not a number: the image is far from those that the model was trained on, or the "
        + "model has diverged. Leave the image out, or take another checkpoint."
    case .undefinedResult(let what, let number):
      "\(what) \(number) is not finite: the model has diverged. Go back to an earlier checkpoint, or train again "
        + "with a lower learning rate."
    case .undefinedDensity(let sample):
      "the density of sample \(sample) is zero in single precision, or not a number: the sample is far from those that "
        + "the model was trained on, or the model has diverged. Leave the sample out, or take another checkpoint."
    case .notEnoughMemory(let need, _, let available):
      "\(need), and \(MemoryLimit.words(available)) of memory are free. Choose a smaller model or batch, close other "
        + "programs, or use a machine with more memory."
    case .ownedByRun(let path, let run):
      "\(path) is a file of the run in \(run), which nothing else may write. Choose another output."
    case .solve(let step, let error): (step.map { "step \($0): " } ?? "") + error.description
    }
  }
}

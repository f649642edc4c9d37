import FileTestSupport
import Foundation
import ImageDatasets
import Testing

@testable import Runs
@testable import Training

/// Which images a run was trained on, in its checkpoint and against other data.
@Suite struct TrainedImagesTests {
  let directory = try! TemporaryDirectory()

  private func resume(_ dataset: ImageDataset, allowing: Bool = false) throws -> TrainingState {
    let run = RunDirectory(directory.path("run"))
    let (model, state) = try Checkpoint.read(run.last, includingOptimizer: true)
    return try Trainer(
      resuming: state, model, dataset: dataset, directory: run, allowingChangedData: allowing
    ).state
  }

  @Test func `identities survive being written and read`() {
    let images = TrainedImages([3, .max, 0, 1 << 40, 3])
    #expect(images.count == 4 && TrainedImages(encoded: images.encoded) == images)
    #expect(images.count(among: [0, 1, 2, .max]) == 2)
    #expect(TrainedImages(encoded: "AAAA") == nil && TrainedImages(encoded: "no base 64!") == nil)
    #expect(TrainedImages(encoded: "") == TrainedImages([]))
  }

  @Test func `a checkpoint knows its data and the images trained on`() throws {
    let dataset = TinyRun.dataset()
    let run = try TinyRun.train(
      TinyRun.configuration {
        $0.steps = 1
        $0.limitTrain = 6
      }, dataset, in: directory.path("run"))
    let read = try Checkpoint.read(RunDirectory(directory.path("run")).last, includingOptimizer: false).state
    #expect(read.trainedImages == run.state.trainedImages && read.trainedImages?.count == 6)
    #expect(read.configuration.dataDigest == dataset.digest)
    #expect(read.trainedImages?.count(among: dataset.train.identities) == 6)
    #expect(read.trainedImages?.count(among: dataset.test.identities) == 0)
  }

  @Test func `a run does not go on with other images unless it is allowed`() throws {
    try TinyRun.train(TinyRun.configuration { $0.steps = 1 }, in: directory.path("run"))
    #expect(try resume(TinyRun.dataset()).trainedImages?.count == 10)
    let other = TinyRun.dataset(train: 12)
    let error = runError { _ = try resume(other) }
    #expect(error?.category == .badData)
    for words in ["10 images were trained on", "of the 12 training images", "2 are new", "allow changed data"] {
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    let state = try resume(other, allowing: true)
    #expect(state.trainedImages?.count == 12 && state.configuration.dataDigest == other.digest)
    #expect(runError { _ = try resume(TinyRun.dataset(validation: 4)) } != nil)
  }

  @Test func `what was trained on is counted image by image`() throws {
    let state = try TinyRun.train(TinyRun.configuration { $0.steps = 1 }, in: directory.path("run")).state
    let dataset = TinyRun.dataset()
    #expect(state.warning(about: dataset, isOfRun: true, .test, dataset.test.identities) == nil)
    #expect(state.warning(about: dataset, isOfRun: true, .train, dataset.train.identities) == nil)
    let all = state.warning(about: dataset, isOfRun: true, .all, dataset.images(.all).identities)
    #expect(all?.contains("10 of the 20 images used here were trained on") == true)
    // Another dataset under the same name, some of whose test images were training images.
    let mixed = ImageDataset(
      name: "spots", train: TinyRun.images(3, seed: 9), validation: TinyRun.binary(5, seed: 1),
      test: TinyRun.images(4), isTrainBinarizedDynamically: true)
    let changed = state.warning(about: mixed, isOfRun: true, .test, mixed.test.identities)
    // Under another name it is another dataset, of which nothing but those is to be said.
    let other = state.warning(about: mixed, isOfRun: false, .test, mixed.test.identities)
    #expect(other == "4 of the 4 images used here were trained on")
    #expect(state.warning(about: mixed, isOfRun: false, .train, mixed.train.identities) == nil)
    #expect(changed?.contains("not those of the run") == true && changed?.contains("4 of the 4 images") == true)
  }

  @Test func `images that are too few are refused`() {
    let none = ImageDataset(
      name: "few", train: TinyRun.images(3), validation: TinyRun.binary(0), test: TinyRun.binary(1),
      isTrainBinarizedDynamically: true)
    let error = runError {
      _ = try Trainer(TinyRun.configuration(), dataset: none, directory: RunDirectory(directory.path("run")))
    }
    #expect(error?.category == .badData)
    #expect(error?.description.contains("3 training and 0 validation images") == true)
  }

  @Test func `an older configuration prepares nothing`() throws {
    let configuration = try TrainingConfiguration(json: #"{"dataset": "x", "model": {}}"#)
    #expect(configuration.preparation == ImagePreparation() && configuration.dataDigest == nil)
  }
}

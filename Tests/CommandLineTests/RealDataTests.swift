import FileTestSupport
import Foundation
import Runs
import Testing

@Suite(
  .serialized, .enabled(if: RealData.has("omniglot/chardata.mat"), "needs omniglot/chardata.mat in FFJORD_VAE_DATA"))
struct RealDataTests {
  let directory = try! TemporaryDirectory()

  @Test func `two steps on Omniglot work`() throws {
    let place = try #require(RealData.directory)
    let arguments = TinyRun.train("run", "--dataset", "omniglot", "--steps", "2") + ["--data-dir", place]
    let outcome = try Program.succeed(arguments, in: directory.url)
    #expect(outcome.standardError.contains("omniglot: 40 images to train on, 20 to validate"))
    let summary = try Checkpoint.summary(of: directory.file("run/last.safetensors.zst"))
    #expect(summary.progress.step == 2 && summary.configuration.dataset == "omniglot")
    // The environment says where the data are, too; the checkpoint says which they are.
    let report = try Program.succeed(
      ["evaluate", "run", "--limit", "10", "--json"], environment: ["FFJORD_VAE_DATA": place],
      in: directory.url)
    #expect(try object(report.standardOutput)["dataset"] as? String == "omniglot")
  }

  @Test func `a run knows where its data were, from any folder`() throws {
    let place = URL(filePath: try #require(RealData.directory))
    let elsewhere = directory.file("elsewhere")
    try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(at: directory.file("data"), withDestinationURL: place)
    try Program.succeed(
      TinyRun.train("run", "--dataset", "omniglot", "--steps", "1", "--data-dir", "data"), in: directory.url)
    try Program.succeed(["train", "--resume", "../run", "--steps", "2"], in: elsewhere)
    try Program.succeed(["evaluate", "../run", "--limit", "5"], in: elsewhere)
    #expect(try Checkpoint.summary(of: directory.file("run/last.safetensors.zst")).progress.step == 2)
    // Gone from there, they are found where a person says.
    try FileManager.default.removeItem(at: directory.file("data"))
    try Program.fail(66, ["train", "--resume", "../run", "--steps", "3"], naming: ["omniglot"], in: elsewhere)
    try Program.succeed(["train", "--resume", "../run", "--steps", "3", "--data-dir", place.path], in: elsewhere)
  }

  @Test func `Omniglot is found and checked`() throws {
    let place = try #require(RealData.directory)
    let text = try Program.succeed(
      ["datasets", "check", "omniglot", "--data-dir", place], in: directory.url
    ).standardOutput
    for words in ["train: 23000 images", "validation: 1345 images", "test: 8070 images"] {
      #expect(text.contains(words), "\(text)")
    }
    #expect(!text.contains("UNKNOWN"))
  }
}

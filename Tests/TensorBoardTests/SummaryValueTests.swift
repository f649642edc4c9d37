import FileTestSupport
import Foundation
import Testing

@testable import TensorBoard

/// Texts and hyper-parameters, against what TensorBoard's own code makes of the same.
@Suite struct SummaryValueTests {
  private static let date = Date(timeIntervalSince1970: 2.5)

  /// The bytes of a value, in hexadecimal digits.
  private func digits(_ value: Tensorflow_Summary.Value) throws -> String {
    let data: Data = try value.serializedBytes()
    return data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test func `a text is one string under its plugin's name`() throws {
    #expect(try digits(.text("t", "a|b")) == "0a01744209080712004203617c624a0a0a060a04746578742002")
  }

  /// A hyper-parameter `a` and the bytes of a run's row that has it alone.
  static let rows: [(Hyperparameters.Value, String)] = [
    (
      .number(1.5),
      "2a0a260a0768706172616d73121b1a190a0e0a0161120911000000000000f83f2900000000000004402002"
    ),
    (.text("x"), "240a200a0768706172616d7312151a130a080a016112031a01782900000000000004402002"),
    (.flag(true), "230a1f0a0768706172616d7312141a120a070a0161120220012900000000000004402002"),
  ]

  @Test(arguments: rows)
  func `a run's row is TensorBoard's, byte for byte`(value: Hyperparameters.Value, bytes: String) throws {
    let start = Hyperparameters(["a": value]).sessionStart(at: Self.date)
    #expect(
      try digits(.sessionStart(start))
        == "0a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f42060801120212004a" + bytes)
  }

  @Test func `columns are TensorBoard's, byte for byte, also of what the run lacks`() throws {
    let hyperparameters = Hyperparameters(
      ["a": .number(7)], columns: ["c": .flag(false), "b": .text("")], foremost: ["b"], metrics: ["kl"])
    #expect(
      try digits(.experiment(hyperparameters.experiment(at: Self.date)))
        == "0a145f68706172616d735f2f6578706572696d656e7442060801120212004a430a3f0a0768706172616d73123412321900000000"
        + "0000044022050a0161200322070a016220013801220f0a016320022a080a0220010a0220002a060a0412026b6c2002")
  }

  @Test func `a run's end is TensorBoard's, byte for byte`() throws {
    #expect(
      try digits(.sessionEnd(Hyperparameters.sessionEnd(at: Self.date)))
        == "0a1a5f68706172616d735f2f73657373696f6e5f656e645f696e666f42060801120212004a1c0a180a0768706172616d73120d22"
        + "0b08011100000000000004402002")
  }

  @Test func `all of it is read back from a file`() throws {
    let directory = try TemporaryDirectory()
    let writer = try EventWriter(in: directory.url, startingAt: 1)
    try writer.write(Hyperparameters(["a": .number(1), "b": .flag(true), "c": .text("é")], metrics: ["kl"]), step: 1)
    try writer.write(text: "# é", tag: "title", step: 1)
    try writer.writeEnd(step: 3)
    let events = try EventFileReader.events(of: Data(contentsOf: writer.url)).events
    try #require(events.count == 5)
    #expect(events[2...].map(\.step) == [1, 1, 3])
    let data = try events.flatMap(\.summary.value).filter { $0.metadata.pluginData.pluginName == "hparams" }
      .map { try Tensorboard_Hparams_HParamsPluginData(serializedBytes: $0.metadata.pluginData.content) }
    try #require(data.count == 3)
    #expect(data[0].experiment.hparamInfos.map(\.name) == ["a", "b", "c"])
    #expect(data[0].experiment.metricInfos.map(\.name.tag) == ["kl"])
    let values = data[1].sessionStartInfo.hparams
    #expect(values.count == 3 && values["a"]?.numberValue == 1 && values["b"]?.boolValue == true)
    #expect(values["c"]?.stringValue == "é")
    #expect(data[2].sessionEndInfo.status == .success)
    #expect(events[3].summary.value.map(\.tensor.stringVal) == [[Data("# é".utf8)]])
  }
}

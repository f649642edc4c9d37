import FileTestSupport
import Foundation
import Testing

@testable import Safetensors

/// Files exchanged with the reference implementation, by way of its Python package.
@Suite struct InteroperabilityTests {
  let directory = try! TemporaryDirectory()

  private func python(_ script: String, _ arguments: URL...) throws -> String {
    let (status, output) = try Python.withSafetensors.run(script, arguments.map(\.path))
    #expect(status == 0, "\(output)")
    return output
  }

  @Test(
    .enabled(if: Python.withSafetensors.isHere, "\(Python.withSafetensors.lack)"),
    .enabled(if: ExternalProgram.hasZstandard, "needs the program zstd"))
  func pythonReadsWhatIsWritten() throws {
    let tensors =
      smallTensors() + [
        SafetensorsTensor(name: "ядро \"1\"", shape: [1, 2], values: [1 << 40, 7] as [UInt64]),
        SafetensorsTensor(name: "half", elementType: .float16, shape: [2]) { body in
          try [UInt16](arrayLiteral: 0x3C00, 0xC000).withUnsafeBytes(body)
        },
        SafetensorsTensor(name: "flag", elementType: .bool, shape: [2]) { body in
          try [UInt8](arrayLiteral: 1, 0).withUnsafeBytes(body)
        },
      ]
    let (compressed, plain) = (directory.file("x.zst"), directory.file("x"))
    try SafetensorsWriter.write(to: compressed, tensors: tensors, metadata: ["epoch": "3", "名": "\u{1}\""])
    let (status, output) = try ExternalProgram.run("zstd", ["-q", "-d", compressed.path, "-o", plain.path])
    #expect(status == 0, "\(output)")
    let script = """
      import sys, numpy
      from safetensors import safe_open
      with safe_open(sys.argv[1], "numpy") as f:
        assert f.metadata() == {"epoch": "3", "名": "\\x01\\""}, f.metadata()
        t = {k: f.get_tensor(k) for k in f.keys()}
      assert len(t) == 7, t.keys()
      def same(name, array):
        assert t[name].dtype == array.dtype and t[name].shape == array.shape, (name, t[name])
        assert (t[name] == array).all(), (name, t[name])
      same("weight", numpy.array([[1, -2, 3], [numpy.inf, 5, 1.401298464324817e-45]], "float32"))
      same("step", numpy.array(42, "int64"))
      same("empty", numpy.zeros((0, 4), "float64"))
      same("q", numpy.array([-128, 0, 127], "int8"))
      same("ядро \\"1\\"", numpy.array([[1 << 40, 7]], "uint64"))
      same("half", numpy.array([1, -2], "float16"))
      same("flag", numpy.array([True, False]))
      print("equal")
      """
    #expect(try python(script, plain) == "equal\n")
  }

  /// The same tensors give the same file, byte for byte.
  @Test(.enabled(if: Python.withSafetensors.isHere, "\(Python.withSafetensors.lack)"))
  func bytesAreThoseOfPython() throws {
    let (theirs, ours) = (directory.file("theirs"), directory.file("ours"))
    let script = """
      import sys, numpy
      from safetensors.numpy import save_file
      types = "float64 float32 float16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool".split()
      tensors = {t + "." + n: (numpy.arange(s) % 2).astype(t).reshape(1, s) for t in types for n, s in
                 [("b", 3), ("a", 2), ("é/\\\\\\"\\n\\x01\\x7f", 1), ("none", 0)]}
      save_file(tensors, sys.argv[1], {"k\\t\\x1f😀": "v\\u2028"})
      """
    _ = try python(script, theirs)
    let file = try SafetensorsFile(theirs)
    #expect(file.entries.count == 48)
    #expect(try file.int32s("int32.b") == [0, 1, 0])
    #expect(try file.doubles("float64.b") == [0, 1, 0])
    let loaded = try file.load()
    let tensors = loaded.values.map { tensor in
      SafetensorsTensor(
        name: tensor.entry.name, elementType: tensor.entry.elementType, shape: tensor.entry.shape
      ) { try tensor.bytes.withUnsafeBytes($0) }
    }
    try SafetensorsWriter.write(to: ours, tensors: tensors, metadata: file.metadata, compression: .none)
    #expect(try Data(contentsOf: ours) == Data(contentsOf: theirs))
  }

  /// Both implementations agree on which headers are valid.
  @Test(.enabled(if: Python.withSafetensors.isHere, "\(Python.withSafetensors.lack)"))
  func verdictsAreThoseOfPython() throws {
    let u8 = "\"dtype\":\"U8\""
    let headers = [
      "{}", "{} ", "{}x", "{\"__metadata__\":null}", "{\"__metadata__\":{\"a\":\"b\"}}",
      "{\"__metadata__\":{\"a\":1}}",
      "{\"a\":{\(u8),\"shape\":[4],\"data_offsets\":[0,4]}}",
      "{\"a\":{\(u8),\"shape\":[4],\"data_offsets\":[0,4],\"x\":[1,{}]}}",
      "{\"a\":{\(u8),\"shape\":[5],\"data_offsets\":[0,4]}}",
      "{\"a\":{\(u8),\"shape\":[3],\"data_offsets\":[0,3]}}",
      "{\"a\":{\(u8),\"shape\":[3],\"data_offsets\":[1,4]}}",
      "{\"a\":{\(u8),\"shape\":[4.0],\"data_offsets\":[0,4]}}",
      "{\"b\":{\(u8),\"shape\":[2],\"data_offsets\":[2,4]},\"a\":{\(u8),\"shape\":[2],\"data_offsets\":[0,2]}}",
      "{\"b\":{\(u8),\"shape\":[3],\"data_offsets\":[1,4]},\"a\":{\(u8),\"shape\":[2],\"data_offsets\":[0,2]}}",
      "{\"a\":{\(u8),\(u8),\"shape\":[4],\"data_offsets\":[0,4]}}",
      "{\"a\":{\(u8),\"shape\":[4],\"data_offsets\":[0,4]},\"e\":{\(u8),\"shape\":[0,9],\"data_offsets\":[4,4]}}",
      "{\"a\":{\(u8),\"shape\":[4294967296,4294967296,0],\"data_offsets\":[0,4]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", "{\"a\":{\(u8),\"shape\":[4]}}",
      "{\"a\":{\"dtype\":\"X8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
      "{\"\\u0061\\ud83d\\ude00\":{\(u8),\"shape\":[4],\"data_offsets\":[0,4]}}",
      "{\"\\ud83d\":{\(u8),\"shape\":[4],\"data_offsets\":[0,4]}}",
    ]
    for (index, json) in headers.enumerated() {
      try Data(header: json, data: index < 6 ? [] : [1, 2, 3, 4]).write(to: directory.file("\(index)"))
    }
    let script = """
      import sys, numpy
      from safetensors import safe_open
      for i in range(\(headers.count)):
        try:
          with safe_open(f"{sys.argv[1]}/{i}", "numpy") as f:
            [f.get_tensor(k) for k in f.keys()]
          print("valid")
        except Exception:
          print("invalid")
      """
    let theirs = try python(script, directory.url).split(separator: "\n")
    #expect(theirs.count == headers.count)
    for (index, verdict) in theirs.enumerated() {
      let isValid = (try? readAll(directory.file("\(index)"))) != nil
      #expect(isValid == (verdict == "valid"), "\(headers[index])")
    }
  }

  /// A file that PyTorch's own package wrote.
  @Test func referenceValuesAreRead() throws {
    let file = try SafetensorsFile(ReferenceValues.shipped)
    #expect(file.isCompressed && file.metadata["hidden"] == "16-16")
    #expect(file.metadata["about"]?.hasPrefix("reference values") == true)
    let weight = try file.entry("q_z_nn.5.h.weight")
    #expect(weight.elementType == .int8)
    #expect(weight.shape == [256, 64, 7, 7])
    #expect(try file.floats("scale.q_z_nn.5.h.weight").count == 1)
    let integers = try file.int8s("q_z_nn.5.h.weight")
    #expect(integers.count == 256 * 64 * 49 && Set(integers) == Set(-3...3))
    #expect(try file.floats("input.images").allSatisfy { $0 == 0 || $0 == 1 })
    #expect(try file.doubles("float64.elbo").count == 4)
    var count = 0
    try file.readTensors { entry, bytes in count += bytes.count }
    #expect(count == file.header.dataByteCount)
  }
}

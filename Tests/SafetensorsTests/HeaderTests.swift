import FileTestSupport
import Foundation
import Testing

@testable import Safetensors

@Suite struct HeaderTests {
  private func problem(_ json: String) -> SafetensorsError.Problem? {
    safetensorsError { _ = try SafetensorsHeader(parsing: Array(json.utf8), path: "f") }?.problem
  }

  private func header(_ json: String) throws -> SafetensorsHeader {
    try SafetensorsHeader(parsing: Array(json.utf8), path: "f")
  }

  @Test func accepted() throws {
    #expect(try header("{}").entries.isEmpty)
    #expect(try header("{ }   \n").entries.isEmpty)
    #expect(try header("{\"__metadata__\":null}").metadata.isEmpty)
    #expect(try header("{\"__metadata__\":{\"\\u0061\\ud83d\\ude00\\/\":\"\\t\"}}").metadata == ["a😀/": "\t"])
    // Not in file order; members that the format does not know.
    let parsed = try header(
      """
      {"b": {"shape": [2, 1], "more": {"x": [1.5e3, true, null, "s", []]}, "dtype": "I16", "data_offsets": [8, 12]},
       "a": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]}}
      """)
    #expect(parsed.entries.map(\.name) == ["a", "b"])
    #expect(parsed.entries.map(\.byteRange) == [0..<8, 8..<12])
    #expect(parsed.entries.map(\.elementCount) == [1, 2])
    #expect(parsed.dataByteCount == 12)
  }

  @Test(arguments: [
    "", "[]", " {}", "{", "{}}", "{},", "{\"a\"}", "{\"a\":1}", "{'a':1}", "{\"a\":{}}", "nul",
    "{\"__metadata__\":1}",
    "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":{\"a\":\"\\x\"}}",
    "{\"__metadata__\":{\"a\":\"\\ud800\"}}",
    "{\"__metadata__\":{\"a\":\"\\ud800\\u0061\"}}", "{\"__metadata__\":{\"a\":\"\\udc00\"}}",
    "{\"__metadata__\":{\"a\":\"\\u00\"}}", "{\"__metadata__\":{\"a\":\"\n\"}}", "{\"__metadata__\":{},}",
    "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "{\"__metadata__\":{},\"__metadata__\":{}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", "{\"a\":{\"dtype\":8,\"shape\":[1],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1e0],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[01],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775808],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
      + "\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":nope}}",
    "{\"a\":{\"more\":" + String(repeating: "[", count: 100_000),
    "{\"a\":{\"more\":" + String(repeating: "{\"a\":", count: 100_000),
  ])
  func invalidJSON(json: String) throws {
    guard case .header = problem(json) else {
      Issue.record("\(String(describing: problem(json))) for \(json.prefix(200))")
      return
    }
  }

  @Test(arguments: [
    // A hole at the start, between, an overlap, an end before the start.
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
      + "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
      + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
      + "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}",
    // Sizes that do not follow from the shape; overflow, also where the product would be zero.
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,0]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296,0],\"data_offsets\":[0,0]}}",
    "{\"a\":{\"dtype\":\"F64\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}",
    "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
  ])
  func inconsistentTensor(json: String) throws {
    guard case .tensor = problem(json) else {
      Issue.record("\(String(describing: problem(json))) for \(json)")
      return
    }
  }

  @Test func invalidUTF8() {
    var json = Array("{\"__metadata__\":{\"a\":\"?\"}}".utf8)
    json[json.lastIndex(of: UInt8(ascii: "?"))!] = 0xC3
    let error = safetensorsError { _ = try SafetensorsHeader(parsing: json, path: "f") }
    #expect(error?.description.contains("UTF-8") == true)
    json[0] = 0xEF
    #expect(safetensorsError { _ = try SafetensorsHeader(parsing: json, path: "f") } != nil)
  }

  @Test func layout() throws {
    let header = try SafetensorsHeader(
      laying: [("b", .int8, [3]), ("c", .float32, [2]), ("a", .int8, []), ("é", .uint64, [1])],
      metadata: ["z": "1", "a": "2"], path: "f")
    #expect(header.entries.map(\.name) == ["é", "c", "a", "b"])
    let bytes = try header.encoded(path: "f")
    #expect(bytes.count % 8 == 0)
    let text = String(decoding: bytes[8...], as: UTF8.self)
    #expect(
      text.hasPrefix("{\"__metadata__\":{\"a\":\"2\",\"z\":\"1\"},\"é\":{\"dtype\":\"U64\",\"shape\":[1],"))
    #expect(try SafetensorsHeader(parsing: Array(bytes[8...]), path: "f") == header)
  }

  @Test func impossibleLayouts() {
    func error(_ tensors: [(String, SafetensorsElementType, [Int])]) -> SafetensorsError? {
      safetensorsError {
        _ = try SafetensorsHeader(laying: tensors.map { (name: $0, elementType: $1, shape: $2) }, path: "f")
      }
    }
    #expect(error([("a", .int8, [1]), ("a", .int8, [1])])?.category == .badData)
    #expect(error([("\u{E9}", .int8, [1]), ("e\u{301}", .int8, [1])]) != nil)
    #expect(error([("__metadata__", .int8, [1])]) != nil)
    #expect(error([("a", .int8, [-1])]) != nil)
    #expect(error([("a", .int8, [.max]), ("b", .int8, [1])]) != nil)
    #expect(error([("a", .float64, [.max])]) != nil)
  }

  /// Headers cut, spliced and with characters changed at random: an error or a header that encodes to itself.
  @Test func mutatedHeaders() throws {
    let json =
      "{\"__metadata__\":{\"k\\u00e9\":\"v\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
      + "\"b\":{\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[16,17],\"x\":[1,{\"y\":null}]}}"
    let alphabet = Array("{}[]\",:0123456789-.eE\\u \n\u{e9}abdtype_FUI".utf8) + [0, 0x80, 0xC3, 0xFF]
    var random = SplitMix64(seed: 3)
    var accepted = 0
    for _ in 0..<50_000 {
      var bytes = Array(json.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let other = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] = alphabet.randomElement(using: &random)!
        case 1: bytes.insert(alphabet.randomElement(using: &random)!, at: place)
        case 2: bytes.remove(at: place)
        case 3: bytes.replaceSubrange(place..<place, with: bytes[min(place, other)..<max(place, other)])
        default: bytes.removeSubrange(max(1, min(place, other))..<max(1, place, other))
        }
      }
      do {
        let header = try SafetensorsHeader(parsing: bytes, path: "f")
        let encoded = try header.encoded(path: "f")
        #expect(try SafetensorsHeader(parsing: Array(encoded[8...]), path: "f") == header)
        accepted += 1
      } catch {
        #expect(error.category == .badData)
      }
    }
    #expect(accepted > 100 && accepted < 45_000)
  }
}

import FileTestSupport
import Foundation
import Testing

@testable import TensorBoard

/// The checksum, against published values.
@Suite struct CyclicRedundancyCheckTests {
  /// RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms.
  static let known: [([UInt8], UInt32)] = [
    (Array("123456789".utf8), 0xE306_9283),
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ([UInt8](0..<32), 0x46DD_794E),
    ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
    ([], 0),
  ]

  @Test(arguments: known)
  func `it is that of the standard`(bytes: [UInt8], checksum: UInt32) {
    #expect(CyclicRedundancyCheck.checksum(bytes) == checksum)
  }

  @Test func `its mask is undone by the published inverse`() {
    let masked = CyclicRedundancyCheck.masked(Array("123456789".utf8))
    let rotated = masked &- 0xA282_EAD8
    #expect(rotated >> 17 | rotated << 15 == 0xE306_9283)
  }
}

/// Event files, read back by what is written of the format.
@Suite struct EventFileTests {
  let directory = try! TemporaryDirectory()

  @Test func `a frame is the published one, byte for byte`() {
    // As TensorBoard's own code frames the record "abc".
    let frame: [UInt8] = [
      3, 0, 0, 0, 0, 0, 0, 0, 0xB0, 0x99, 0x49, 0x0E, 0x61, 0x62, 0x63, 0x6E, 0x57, 0xF1, 0x21,
    ]
    #expect([UInt8](RecordFraming.framed(Data("abc".utf8))) == frame)
  }

  @Test func `what is written is read back`() throws {
    let writer = try EventWriter(in: directory.url, startingAt: 7)
    let date = Date(timeIntervalSince1970: 1e9 + 0.25)
    try writer.write(scalars: [("train/kl", 0.1), ("é", -3)], step: 7, at: date)
    let pictures = ["picture", "other"].map { Picture(tag: $0, png: Data([1, 2, 3]), height: 4, width: 5) }
    try writer.write(pictures: pictures, step: 8, at: date)
    let (events, isCut) = try EventFileReader.events(of: Data(contentsOf: writer.url))
    #expect(!isCut)
    try #require(events.count == 4)
    #expect(events[0].fileVersion == "brain.Event:2")
    #expect(events[1].sessionLog.status == .start && events[1].step == 7)
    #expect(events[2].step == 7 && events[2].wallTime == 1e9 + 0.25)
    #expect(events[2].summary.value.map(\.tag) == ["train/kl", "é"])
    #expect(events[2].summary.value.map(\.simpleValue) == [0.1, -3])
    #expect(events[3].step == 8 && events[3].summary.value.map(\.tag) == ["picture", "other"])
    for image in events[3].summary.value.map(\.image) {
      #expect((image.height, image.width, image.colorspace) == (4, 5, 1))
      #expect(image.encodedImageString == Data([1, 2, 3]))
    }
  }

  @Test func `what was written before a crash stands in the file, whole records first`() throws {
    let writer = try EventWriter(in: directory.url, startingAt: 1)
    for step in 1...3 { try writer.write(scalars: [("loss", Double(step))], step: step) }
    // The writer is still there: nothing waits in a buffer.
    let whole = try Data(contentsOf: writer.url)
    #expect(try EventFileReader.events(of: whole).events.count == 5)
    for missing in 1...20 {
      let (events, isCut) = try EventFileReader.events(of: whole.prefix(whole.count - missing))
      #expect(isCut && events.count == 4)
    }
  }

  @Test func `later files have later names, also within a second`() throws {
    let names = try (0..<3).map { step in
      try EventWriter(in: directory.url, startingAt: step).url.lastPathComponent
    }
    #expect(names == names.sorted() && Set(names).count == 3)
    #expect(names.allSatisfy { $0.hasPrefix("events.out.tfevents.") })
    try Data().write(to: directory.file("metrics.jsonl"))
    try EventWriter.removeFiles(in: directory.url)
    #expect(try directory.names() == ["metrics.jsonl"])
  }

  @Test func `a directory that is not there is an error`() {
    #expect(throws: (any Error).self) {
      try EventWriter(in: directory.file("nowhere"), startingAt: 1)
    }
  }

  @Test func `a file of a time that no clock shows is passed over`() throws {
    for time in [Int.max, 1 << 60] {
      try Data().write(to: directory.file("events.out.tfevents.\(time).elsewhere"))
    }
    let name = try EventWriter(in: directory.url, startingAt: 1).url.lastPathComponent
    let time = try #require(name.split(separator: ".").dropFirst(3).first.flatMap { Int($0) })
    #expect(abs(Double(time) - Date().timeIntervalSince1970) < 60)
  }
}

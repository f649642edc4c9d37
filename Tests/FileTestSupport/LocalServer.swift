import Foundation

/// A server on this machine that gives one answer to every request, in a thread of its own.
public final class LocalServer: Sendable {
  struct Failure: Error {}

  /// The address of a file, which may have any other name.
  public let address: URL
  private let listener: Int32

  /// A server whose answer is `status`, a claimed length and a body.
  public init(status: String = "200 OK", body: Data, claimedLength: Int? = nil) throws {
    #if canImport(Glibc)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    let listener = socket(AF_INET, stream, 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &name) { name in
      name.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 4) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    let port = UInt16(bigEndian: name.sin_port)
    guard isListening, let address = URL(string: "http://127.0.0.1:\(port)/file.mat") else {
      throw Failure()
    }
    self.address = address
    self.listener = listener

    var answer = Data("HTTP/1.1 \(status)\r\nContent-Length: \(claimedLength ?? body.count)\r\n".utf8)
    answer.append(Data("Connection: close\r\n\r\n".utf8))
    answer.append(body)
    let reply = answer
    Thread.detachNewThread {
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        var request = [UInt8](repeating: 0, count: 4096)
        _ = recv(connection, &request, request.count, 0)
        reply.withUnsafeBytes { bytes in
          var sent = 0
          while sent < bytes.count {
            // A client that hangs up must not end the tests with a signal.
            let count = send(
              connection, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            if count <= 0 { break }
            sent += count
          }
        }
        shutdown(connection, Int32(SHUT_WR))
        // Whatever else was sent is read, so that closing does not cut the answer short.
        while recv(connection, &request, request.count, 0) > 0 {}
        close(connection)
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}

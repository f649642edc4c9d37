import Foundation

/// log of the mean of exp(x) over the numbers added, computed without overflow.
struct LogMeanExp {
  private var greatest = -Double.infinity
  private var sum = 0.0
  private var count = 0

  mutating func add(_ x: Double) {
    count += 1
    if x > greatest {
      sum = sum * exp(greatest - x) + 1
      greatest = x
    } else if x > -.infinity {
      sum += exp(x - greatest)
    }
  }

  var value: Double { greatest + log(sum / Double(max(count, 1))) }
}
